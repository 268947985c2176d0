import { Link, useNavigate } from "@tanstack/react-router";
import type { RunItem } from "../api/types";
import { ago, compact, dateTime, duration, ms, share } from "../lib/format";
import { runLength } from "../lib/runlist";
import { type Column, DataTable } from "./DataTable";
import page from "./Page.module.css";
import { RunFacts } from "./RunFacts";

/** Runs, newest first, with what matters about each. */
export function RunsTable({ runs, of }: { runs: readonly RunItem[]; of?: string }) {
  const navigate = useNavigate();
  return (
    <DataTable
      label="Runs"
      rows={runs}
      columns={of ? columns.filter((c) => c.key !== "scenario") : columns}
      id={(r) => r.id}
      onRow={(r) => void navigate({ to: "/runs/$id", params: { id: r.id } })}
    />
  );
}

const columns: Column<RunItem>[] = [
  {
    key: "scenario",
    head: "Scenario",
    grow: true,
    sort: (r) => r.scenario,
    cell: (r) => (
      <>
        <Link to="/runs/$id" params={{ id: r.id }} className={page.strong}>
          {r.scenario}
        </Link>
        <div className={page.sub}>{r.note || <span className="mono">{r.id}</span>}</div>
      </>
    ),
  },
  { key: "facts", head: "Outcome and verdict", cell: (r) => <RunFacts run={r} /> },
  {
    key: "when",
    head: "When",
    sort: (r) => r.created,
    wide: true,
    cell: (r) => (
      <Link to="/runs/$id" params={{ id: r.id }} title={dateTime(r.created)}>
        {ago(r.created)}
      </Link>
    ),
  },
  {
    key: "length",
    head: "Length",
    right: true,
    wide: true,
    sort: (r) => runLength(r) ?? -1,
    cell: (r) => duration(runLength(r)),
  },
  {
    key: "requests",
    head: "Requests",
    right: true,
    wide: true,
    sort: (r) => r.summary?.requests ?? -1,
    cell: (r) => compact(r.summary?.requests),
  },
  {
    key: "failures",
    head: "Failures",
    right: true,
    wide: true,
    sort: (r) => (r.summary ? r.summary.failures / Math.max(1, r.summary.requests) : -1),
    cell: (r) => share(r.summary?.failures, r.summary?.requests),
  },
  { key: "p95", head: "p95", right: true, sort: (r) => r.summary?.p95 ?? -1, cell: (r) => ms(r.summary?.p95) },
];
