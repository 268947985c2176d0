import { Tooltip, UnstyledButton } from "@mantine/core";
import { useMemo, useState } from "react";
import { count, ms, NONE, rate, share } from "../../lib/format";
import type { TaskRow } from "../../lib/runview";
import type { RunSearch } from "../../lib/search";
import { type Column, DataTable } from "../DataTable";
import { TaskPill } from "../Pills";
import { LogPanel } from "./LogPanel";
import { Section } from "./Section";

interface Props {
  run: string;
  rows: readonly TaskRow[];
  live: boolean;
  /** Users are not what an open model is made of. */
  open: boolean;
  search: RunSearch;
  show: (search: RunSearch) => void;
}

/** Every task with what became of it; a row narrows the charts to the task. */
export function TaskTable({ run, rows, live, open, search, show }: Props) {
  const toggle = (row: TaskRow) => {
    const { task, label: _label, region: _region, ...rest } = search;
    show(task === row.name ? rest : { ...rest, task: row.name });
  };
  const [log, setLog] = useState<string>();
  const columns = useMemo(() => {
    const all = live ? liveColumns(setLog) : endedColumns(setLog);
    return open ? all.filter((c) => c.key !== "users") : all;
  }, [live, open]);
  const trouble = rows.filter((r) => r.status === "lost" || r.status === "failed").length;
  return (
    <Section
      title="Tasks"
      count={rows.length}
      side={trouble > 0 && <span style={{ color: "var(--bad)", fontSize: 13 }}>{trouble} lost or failed</span>}
    >
      <DataTable
        label="Tasks"
        rows={rows}
        columns={columns}
        id={(r) => `${r.name}/${r.attempt}`}
        onRow={toggle}
        selected={(r) => search.task === r.name}
        first={20}
      />
      <LogPanel run={run} task={log} close={() => setLog(undefined)} />
    </Section>
  );
}

const head: Column<TaskRow>[] = [
  {
    key: "name",
    head: "Task",
    sort: (r) => r.name,
    cell: (r) => (
      <>
        {r.name}
        {r.attempt > 0 && <span className="dim"> · attempt {r.attempt + 1}</span>}
      </>
    ),
  },
  { key: "region", head: "Region", wide: true, sort: (r) => r.region, cell: (r) => r.region },
  { key: "status", head: "Status", sort: (r) => r.status, cell: (r) => <TaskPill status={r.status} /> },
  { key: "remark", head: "Remark", grow: true, wide: true, cell: (r) => <Remark row={r} /> },
];

const figures: Column<TaskRow>[] = [
  { key: "rate", head: "Rate", right: true, wide: true, sort: (r) => r.rate ?? -1, cell: (r) => rate(r.rate) },
  { key: "requests", head: "Requests", right: true, sort: (r) => r.requests, cell: (r) => count(r.requests) },
  {
    key: "failures",
    head: "Failures",
    right: true,
    wide: true,
    sort: (r) => r.failures,
    cell: (r) => share(r.failures, r.requests),
  },
  { key: "p95", head: "p95", right: true, sort: (r) => r.p95 ?? -1, cell: (r) => ms(r.p95) },
];

const generator = (head: string): Column<TaskRow>[] => [
  {
    key: "cpu",
    head,
    right: true,
    wide: true,
    sort: (r) => r.cpu ?? -1,
    cell: (r) => (r.cpu === undefined ? NONE : r.cpu.toFixed(2)),
  },
  {
    key: "limited",
    head: "Limited",
    right: true,
    wide: true,
    sort: (r) => r.limited,
    cell: (r) => (
      <span style={r.limited > 0 ? { color: "var(--warn)", fontWeight: 550 } : { color: "var(--dim)" }}>
        {count(r.limited)} s
      </span>
    ),
  },
];

type ShowLog = (task: string) => void;

const log = (show: ShowLog): Column<TaskRow> => ({
  key: "log",
  head: "",
  right: true,
  cell: (r) => (
    <UnstyledButton className="link" fz={13} aria-label={`Log of ${r.name}`} onClick={() => show(r.name)}>
      log
    </UnstyledButton>
  ),
});

const liveColumns = (show: ShowLog): Column<TaskRow>[] => [
  ...head,
  {
    key: "users",
    head: "Users",
    right: true,
    wide: true,
    sort: (r) => r.users ?? -1,
    cell: (r) => count(r.users),
  },
  ...figures,
  ...generator("CPU"),
  log(show),
];

const endedColumns = (show: ShowLog): Column<TaskRow>[] => [
  ...head,
  ...figures,
  {
    key: "skew",
    head: "Start",
    right: true,
    wide: true,
    sort: (r) => r.skew ?? 0,
    cell: (r) => (r.skew === undefined ? NONE : `${r.skew >= 0 ? "+" : "−"}${ms(Math.abs(r.skew))}`),
  },
  ...generator("CPU max"),
  log(show),
];

function Remark({ row }: { row: TaskRow }) {
  const silent = row.status === "running" && row.behind > 3 ? `silent for ${row.behind} s` : "";
  const words = [row.remark, silent].filter(Boolean).join(" · ");
  if (words === "") return null;
  return (
    <Tooltip label={words} multiline maw={420}>
      <span style={{ color: "var(--warn)" }}>{words}</span>
    </Tooltip>
  );
}
