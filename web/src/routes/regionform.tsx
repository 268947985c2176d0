import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createRoute, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { errorText, problemsOf } from "../api/errors";
import { checkQuery, driversQuery, regionQuery, saveRegion, startCheck } from "../api/regions";
import type { Problem, Region } from "../api/types";
import { Icon } from "../components/Icon";
import page from "../components/Page.module.css";
import { RegionForm } from "../components/regions/RegionForm";
import { Failure, RowsSkeleton } from "../components/States";
import { useTitle } from "../components/useTitle";
import { problemText } from "../lib/problems";
import { formOf, regionOf } from "../lib/region";
import classes from "./regionform.module.css";
import { appRoute } from "./root";

export const regionNewRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/regions/new",
  component: function NewRegion() {
    useTitle("New region");
    return <Editor />;
  },
});

export const regionEditRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/regions/$name/edit",
  component: EditRegion,
});

function EditRegion() {
  const { name } = regionEditRoute.useParams();
  useTitle(`Edit ${name}`);
  const region = useQuery({ ...regionQuery(name), staleTime: Number.POSITIVE_INFINITY });
  if (region.isError) {
    return (
      <div className="panel">
        <Failure error={region.error} what={`Region ${name}`} retry={() => void region.refetch()} />
      </div>
    );
  }
  if (!region.data) return <RowsSkeleton rows={10} />;
  return <Editor key={name} region={region.data} />;
}

function Editor({ region }: { region?: Region }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const drivers = useQuery(driversQuery);
  const [form, setForm] = useState(() => formOf(region));
  const save = useMutation({
    mutationFn: async (check: boolean) => {
      const saved = await saveRegion(regionOf(form, drivers.data ?? []));
      // A check that cannot be started shows on the region's page: the region is saved.
      const begun = check ? await startCheck(saved.name).catch(() => null) : null;
      return { saved, begun };
    },
    onSuccess: async ({ saved, begun }) => {
      queries.removeQueries({ queryKey: ["regions", saved.name] });
      if (begun) queries.setQueryData(checkQuery(saved.name).queryKey, begun);
      await queries.invalidateQueries({ queryKey: ["regions"], exact: true });
      await navigate({ to: "/regions/$name", params: { name: saved.name } });
    },
  });
  if (drivers.isError) {
    return (
      <div className="panel">
        <Failure error={drivers.error} what="The form" retry={() => void drivers.refetch()} />
      </div>
    );
  }
  const problems = problemsOf(save.error);
  return (
    <form
      className={classes.page}
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate(true);
      }}
    >
      <div className={page.head}>
        <div>
          <div className={page.crumbs}>
            <Link to="/regions">Regions</Link> <span>/</span>
            <span>{region ? "edit" : "new"}</span>
          </div>
          <h1>{region ? region.name : "New region"}</h1>
        </div>
        <div className={page.tools}>
          <Button
            variant="default"
            disabled={form.name.trim() === ""}
            loading={save.isPending && save.variables === false}
            onClick={() => save.mutate(false)}
          >
            Save
          </Button>
          <Button
            type="submit"
            disabled={form.name.trim() === ""}
            loading={save.isPending && save.variables === true}
            leftSection={<Icon name="play" size={14} />}
          >
            Save and check
          </Button>
        </div>
      </div>
      {save.isError && <Faults error={save.error} problems={problems} />}
      <div className={`panel ${classes.edit}`}>
        {drivers.data ? (
          <RegionForm
            form={form}
            change={(part) => setForm((f) => ({ ...f, ...part }))}
            problems={problems}
            drivers={drivers.data}
            fresh={region === undefined}
          />
        ) : (
          <RowsSkeleton rows={8} />
        )}
      </div>
    </form>
  );
}

/** All that keeps a region from being saved; each stands at its field as well. */
function Faults({ error, problems }: { error: unknown; problems: readonly Problem[] }) {
  return (
    <div className={classes.faults} role="alert">
      <Icon name="alert" />
      {problems.length > 0 ? (
        <ul>
          {problems.map((p) => (
            <li key={`${p.path}/${p.message}`}>{problemText(p)}</li>
          ))}
        </ul>
      ) : (
        <span>{errorText(error)}</span>
      )}
    </div>
  );
}
