import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createRoute, Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { scenariosQuery } from "../api/scenarios";
import type { ScenarioItem } from "../api/types";
import { type Column, DataTable } from "../components/DataTable";
import page from "../components/Page.module.css";
import { RunFacts } from "../components/RunFacts";
import { Search } from "../components/Search";
import { StartBox } from "../components/StartBox";
import { Empty, Failure, RowsSkeleton } from "../components/States";
import { useTitle } from "../components/useTitle";
import { ago } from "../lib/format";
import { searchText } from "../lib/search";
import { appRoute } from "./root";

export const scenariosRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/scenarios",
  component: Scenarios,
  validateSearch: searchText,
});

function Scenarios() {
  useTitle("Scenarios");
  const { q = "" } = scenariosRoute.useSearch();
  const navigate = useNavigate({ from: "/scenarios" });
  const scenarios = useQuery(scenariosQuery);
  const rows = useMemo(() => matching(scenarios.data ?? [], q), [scenarios.data, q]);
  if (scenarios.data?.length === 0) return <StartBox />;
  return (
    <>
      <div className={page.head}>
        <h1>Scenarios</h1>
        <Search
          placeholder="Name, tag or URL"
          value={q}
          onChange={(text) => void navigate({ search: text ? { q: text } : {}, replace: true })}
        />
      </div>
      <div className="panel">
        {scenarios.isPending && <RowsSkeleton />}
        {scenarios.isError && (
          <Failure error={scenarios.error} what="The list" retry={() => void scenarios.refetch()} />
        )}
        {scenarios.isSuccess &&
          (rows.length > 0 ? (
            <DataTable
              label="Scenarios"
              rows={rows}
              columns={columns}
              id={(r) => r.name}
              onRow={(r) => void navigate({ to: "/scenarios/$name", params: { name: r.name } })}
            />
          ) : (
            <Empty icon="search" title={`Nothing matches “${q}”`}>
              Search looks at names, tags, descriptions and URLs.
            </Empty>
          ))}
      </div>
    </>
  );
}

const columns: Column<ScenarioItem>[] = [
  {
    key: "name",
    head: "Name",
    grow: true,
    sort: (r) => r.name,
    cell: ({ name, scenario }) => (
      <>
        <Link to="/scenarios/$name" params={{ name }} className={page.strong}>
          {name}
        </Link>
        <div className={page.sub}>{scenario.description || scenario.requests?.[0]?.url}</div>
      </>
    ),
  },
  { key: "tags", head: "Tags", wide: true, cell: (r) => <span className="dim">{r.scenario.tags?.join(", ")}</span> },
  {
    key: "last",
    head: "Last run",
    cell: ({ last_run: last }) => (last ? <RunFacts run={last} /> : <span className="dim">never ran</span>),
  },
  {
    key: "when",
    head: "When",
    wide: true,
    sort: (r) => r.last_run?.created ?? "",
    cell: ({ last_run: last }) => (last ? ago(last.created) : ""),
  },
  {
    key: "go",
    head: "",
    right: true,
    wide: true,
    cell: ({ last_run: last }) =>
      last && (
        <Button component={Link} to={`/runs/${last.id}`} variant="subtle" size="compact-xs">
          {last.status === "ended" ? "Report" : "Watch"}
        </Button>
      ),
  },
];

function matching(scenarios: ScenarioItem[], q: string): ScenarioItem[] {
  const wanted = q.trim().toLowerCase();
  const text = (s: ScenarioItem) =>
    [s.name, s.scenario.description, ...(s.scenario.tags ?? []), ...(s.scenario.requests ?? []).map((r) => r.url)].join(
      " ",
    );
  return scenarios.filter((s) => text(s).toLowerCase().includes(wanted));
}
