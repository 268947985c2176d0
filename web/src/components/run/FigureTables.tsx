import type { Figures } from "../../api/types";
import { bytes, compact, count, ms, rate, share } from "../../lib/format";
import type { RunSearch } from "../../lib/search";
import { type Column, DataTable } from "../DataTable";
import { Section } from "./Section";

type Row = [name: string, figures: Figures];

interface Props {
  kind: "region" | "label";
  rows: readonly Row[];
  search: RunSearch;
  show: (search: RunSearch) => void;
}

/** Figures per region or per request; a row narrows the charts to itself. */
export function FigureTable({ kind, rows, search, show }: Props) {
  const word = kind === "label" ? "Requests" : "Regions";
  const toggle = ([name]: Row) => {
    const { [kind]: now, task, ...rest } = search;
    // A task's series is not kept by label, so choosing a label leaves the task.
    const kept = task && kind === "region" ? { ...rest, task } : rest;
    show(now === name ? kept : { ...kept, [kind]: name });
  };
  return (
    <Section title={word} count={rows.length} empty={rows.length === 0 ? "Nothing measured yet." : undefined}>
      <DataTable
        label={word}
        rows={rows}
        columns={kind === "label" ? labelColumns : regionColumns}
        id={([name]) => name}
        onRow={toggle}
        selected={([name]) => search[kind] === name}
      />
    </Section>
  );
}

const has = (f: Figures) => f.latency_ms.count > 0;
const latency = (
  key: "p50" | "p90" | "p95" | "p99" | "max" | "mean",
  head: string = key,
  wide = true,
): Column<Row> => ({
  key,
  head,
  right: true,
  wide,
  sort: ([, f]) => (has(f) ? f.latency_ms[key] : -1),
  cell: ([, f]) => ms(has(f) ? f.latency_ms[key] : undefined),
});

const columns: Column<Row>[] = [
  { key: "name", head: "Name", grow: true, sort: ([name]) => name, cell: ([name]) => name },
  { key: "requests", head: "Requests", right: true, sort: ([, f]) => f.requests, cell: ([, f]) => count(f.requests) },
  {
    key: "rate",
    head: "Rate",
    right: true,
    wide: true,
    sort: ([, f]) => f.requests_per_second,
    cell: ([, f]) => rate(f.requests_per_second),
  },
  {
    key: "failures",
    head: "Failures",
    right: true,
    sort: ([, f]) => f.failures / Math.max(1, f.requests),
    cell: ([, f]) => (
      <span style={f.failures > 0 ? { color: "var(--bad)" } : undefined}>{share(f.failures, f.requests)}</span>
    ),
  },
  latency("mean"),
  latency("p50"),
  latency("p90"),
  latency("p95", "p95", false),
  latency("p99"),
  latency("max"),
  {
    key: "received",
    head: "Received",
    right: true,
    wide: true,
    sort: ([, f]) => f.bytes_received,
    // k6 tells bytes of the whole script and not of a request.
    cell: ([, f]) => (f.bytes_received || !f.requests ? bytes(f.bytes_received) : "–"),
  },
];

const labelColumns = columns;
const regionColumns: Column<Row>[] = [
  ...columns,
  {
    key: "late",
    head: "Late",
    right: true,
    wide: true,
    sort: ([, f]) => f.late ?? 0,
    cell: ([, f]) => compact(f.late ?? 0),
  },
];
