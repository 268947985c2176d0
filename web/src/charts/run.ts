import { bandwidth, compact, ms, percent } from "../lib/format";
import type { ChartSpec } from "./spec";

// The four charts of a run, most asked-for first.

export const rateChart = (open: boolean): ChartSpec => (open ? openRate : closedRate);

const users = { column: "users", name: "users", colour: "grey", side: "right", steps: true } as const;

const openRate: ChartSpec = {
  title: "Rate",
  left: compact,
  right: compact,
  lines: [
    { column: "achieved", name: "achieved/s", colour: "blue", fill: true, width: 2 },
    { column: "offered", name: "offered/s", colour: "orange", dash: true },
    { column: "inFlight", name: "in flight", colour: "grey", side: "right", width: 1 },
  ],
};

const closedRate: ChartSpec = {
  title: "Rate",
  left: compact,
  right: compact,
  lines: [{ column: "achieved", name: "requests/s", colour: "blue", fill: true, width: 2 }, users],
};

export const latencyChart: ChartSpec = {
  title: "Latency",
  left: ms,
  log: true,
  lines: [
    { column: "p50", name: "p50", colour: "green" },
    { column: "p95", name: "p95", colour: "blue", width: 2 },
    { column: "p99", name: "p99", colour: "orange" },
    { column: "max", name: "max", colour: "grey", dash: true, width: 1 },
  ],
};

export const failuresChart: ChartSpec = {
  title: "Failures",
  left: compact,
  right: percent,
  lines: [
    { column: "failures", name: "failures/s", colour: "vermilion", fill: true },
    { column: "failureShare", name: "of requests", colour: "purple", side: "right", dash: true, width: 1 },
  ],
};

export const bandwidthChart: ChartSpec = {
  title: "Bandwidth",
  left: bandwidth,
  lines: [
    { column: "bytesIn", name: "received", colour: "green", fill: true },
    { column: "bytesOut", name: "sent", colour: "purple", dash: true },
  ],
};
