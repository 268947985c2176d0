import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createRoute, Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { runsQuery } from "../api/runs";
import page from "../components/Page.module.css";
import { RunsTable } from "../components/RunsTable";
import { Search } from "../components/Search";
import { Empty, Failure, RowsSkeleton } from "../components/States";
import { useTitle } from "../components/useTitle";
import { filterRuns } from "../lib/runlist";
import { type RunShow, runsSearch } from "../lib/search";
import { appRoute } from "./root";

export const runsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/runs",
  component: Runs,
  validateSearch: runsSearch,
});

const shows: { value: RunShow; label: string }[] = [
  { value: "all", label: "All" },
  { value: "active", label: "Active" },
  { value: "passed", label: "Passed" },
  { value: "failed", label: "Failed" },
  { value: "trouble", label: "Not completed" },
];

function Runs() {
  useTitle("Runs");
  const search = runsRoute.useSearch();
  const { q = "", show = "all" } = search;
  const navigate = useNavigate({ from: "/runs" });
  const runs = useQuery(runsQuery());
  const rows = useMemo(() => filterRuns(runs.data ?? [], q, show), [runs.data, q, show]);
  return (
    <>
      <div className={page.head}>
        <h1>Runs</h1>
        <div className={page.tools}>
          <SegmentedControl
            size="xs"
            data={shows}
            value={show}
            onChange={(value) => void navigate({ search: { ...search, show: value as RunShow }, replace: true })}
          />
          <Search
            placeholder="Scenario, note or id"
            value={q}
            onChange={(text) => void navigate({ search: runsSearch({ show, q: text }), replace: true })}
          />
        </div>
      </div>
      <div className="panel">
        {runs.isPending && <RowsSkeleton />}
        {runs.isError && <Failure error={runs.error} what="The list" retry={() => void runs.refetch()} />}
        {runs.isSuccess && rows.length > 0 && <RunsTable runs={rows} />}
        {runs.isSuccess && rows.length === 0 && runs.data.length > 0 && (
          <Empty
            icon="search"
            title="No run matches"
            action={
              <Link to="/runs" className="link">
                Show all
              </Link>
            }
          />
        )}
        {runs.data?.length === 0 && (
          <Empty
            icon="flow"
            title="Nothing ran yet"
            action={
              <Link to="/new" className="link">
                Make a scenario
              </Link>
            }
          >
            Runs are kept here with their reports, also those that were stopped or failed.
          </Empty>
        )}
      </div>
    </>
  );
}
