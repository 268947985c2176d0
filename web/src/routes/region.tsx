import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createRoute, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { errorText } from "../api/errors";
import { capacityQuery, checkQuery, regionQuery, startCheck } from "../api/regions";
import { Icon } from "../components/Icon";
import page from "../components/Page.module.css";
import { CheckPanel } from "../components/regions/CheckPanel";
import { CapacitySection, SettingsSection } from "../components/regions/Facts";
import { RemoveRegion } from "../components/regions/RemoveRegion";
import { Failure, RowsSkeleton } from "../components/States";
import { useIsAdmin, useMayChange } from "../components/useMayChange";
import { useTitle } from "../components/useTitle";
import classes from "./region.module.css";
import { appRoute } from "./root";

export const regionRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/regions/$name",
  component: RegionPage,
});

function RegionPage() {
  const { name } = regionRoute.useParams();
  useTitle(name);
  const queries = useQueryClient();
  const region = useQuery(regionQuery(name));
  const check = useQuery(checkQuery(name));
  const capacity = useQuery(capacityQuery(name));
  const [mayCheck, admin] = [useMayChange(), useIsAdmin()];
  const state = check.data?.state;
  const start = useMutation({
    mutationFn: () => startCheck(name),
    onSuccess: (begun) => queries.setQueryData(checkQuery(name).queryKey, begun),
    onError: (error) => notifications.show({ color: "red", title: "Not checked", message: errorText(error) }),
  });
  // What the list says of the check changes with it.
  useEffect(() => {
    if (state) void queries.invalidateQueries({ queryKey: ["regions"], exact: true });
  }, [queries, state]);
  if (region.isError) {
    return (
      <div className="panel">
        <Failure error={region.error} what={`Region ${name}`} retry={() => void region.refetch()} />
      </div>
    );
  }
  return (
    <>
      <div className={page.head}>
        <div>
          <div className={page.crumbs}>
            <Link to="/regions">Regions</Link> <span>/</span> <span>{region.data?.driver}</span>
          </div>
          <h1>{name}</h1>
        </div>
        <div className={page.tools}>
          {admin && <RemoveRegion name={name} />}
          {admin && (
            <Button variant="default" component={Link} to={`/regions/${encodeURIComponent(name)}/edit`}>
              Edit
            </Button>
          )}
          {mayCheck && (
            <Button
              leftSection={<Icon name="play" size={14} />}
              disabled={!region.data || state === "running"}
              loading={start.isPending}
              onClick={() => start.mutate()}
            >
              Check
            </Button>
          )}
        </div>
      </div>
      {region.data ? (
        <div className={classes.two}>
          <div className={classes.stack}>
            {check.isError ? (
              <div className="panel">
                <Failure error={check.error} what="The check" retry={() => void check.refetch()} />
              </div>
            ) : (
              <CheckPanel check={check.data} />
            )}
          </div>
          <div className={classes.stack}>
            <CapacitySection
              name={name}
              capacity={capacity.data}
              limit={region.data.limit}
              error={capacity.error}
              retry={() => void capacity.refetch()}
            />
            <SettingsSection region={region.data} admin={admin} />
          </div>
        </div>
      ) : (
        <div className="panel">
          <RowsSkeleton rows={8} />
        </div>
      )}
    </>
  );
}
