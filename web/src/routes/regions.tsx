import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createRoute, Link, useNavigate } from "@tanstack/react-router";
import { regionsQuery } from "../api/regions";
import type { RegionItem } from "../api/types";
import { type Column, DataTable } from "../components/DataTable";
import { Icon } from "../components/Icon";
import page from "../components/Page.module.css";
import { CheckPill } from "../components/regions/CheckPill";
import { QuotaCell, Room, SweepLine } from "../components/regions/Room";
import { WorldMap } from "../components/regions/WorldMap";
import { Empty, Failure, RowsSkeleton } from "../components/States";
import { useIsAdmin } from "../components/useMayChange";
import { useTitle } from "../components/useTitle";
import { ago } from "../lib/format";
import { appRoute } from "./root";

export const regionsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/regions",
  component: Regions,
});

function Regions() {
  useTitle("Regions");
  const navigate = useNavigate({ from: "/regions" });
  const regions = useQuery(regionsQuery);
  const admin = useIsAdmin();
  const add = admin && (
    <Button component={Link} to="/regions/new" leftSection={<Icon name="plus" size={14} />}>
      Add region
    </Button>
  );
  return (
    <>
      <div className={page.head}>
        <h1>Regions</h1>
        <div className={page.tools}>{add}</div>
      </div>
      {regions.isSuccess && <WorldMap regions={regions.data} />}
      <div className="panel">
        {regions.isPending && <RowsSkeleton rows={3} height={52} />}
        {regions.isError && <Failure error={regions.error} what="The list" retry={() => void regions.refetch()} />}
        {regions.data?.length === 0 && (
          <Empty icon="pin" title="There is no region" action={add}>
            A region is a place that runs tasks: this machine, Docker engines, a Kubernetes cluster, or AWS. Runs need
            at least one.
          </Empty>
        )}
        {regions.data && regions.data.length > 0 && (
          <>
            <DataTable
              label="Regions"
              rows={regions.data}
              columns={columns}
              id={(r) => r.name}
              onRow={(r) => void navigate({ to: "/regions/$name", params: { name: r.name } })}
            />
            <SweepLine />
          </>
        )}
      </div>
    </>
  );
}

const columns: Column<RegionItem>[] = [
  {
    key: "name",
    head: "Name",
    grow: true,
    sort: (r) => r.name,
    cell: ({ name, labels }) => (
      <>
        <Link to="/regions/$name" params={{ name }} className={page.strong}>
          {name}
        </Link>
        <div className={page.sub}>{[labels?.provider_region, labels?.location].filter(Boolean).join(" · ")}</div>
      </>
    ),
  },
  { key: "driver", head: "Driver", wide: true, sort: (r) => r.driver, cell: (r) => r.driver },
  { key: "room", head: "Tasks in use", width: 174, cell: (r) => <Room name={r.name} limit={r.limit} /> },
  { key: "quota", head: "Quota leaves", wide: true, cell: (r) => <QuotaCell name={r.name} /> },
  {
    key: "image",
    head: "Image",
    wide: true,
    cell: (r) => <ImageName image={r.image} others={Object.keys(r.images ?? {}).length} />,
  },
  {
    key: "check",
    head: "Last check",
    sort: (r) => r.check?.started ?? "",
    cell: ({ check }) => (
      <span className={page.pair}>
        <CheckPill check={check} />
        {check?.ended && <span className="dim">{ago(check.ended)}</span>}
      </span>
    ),
  },
];

/** An image's last part: its registry and path are long and alike. */
function ImageName({ image, others }: { image: string | undefined; others: number }) {
  const words = image ? image.slice(image.lastIndexOf("/") + 1) : "driver's own";
  return (
    <span className={image ? "mono" : "dim"} title={image}>
      {words.length > 28 ? `${words.slice(0, 27)}…` : words}
      {others > 0 && <span className="dim"> +{others}</span>}
    </span>
  );
}
