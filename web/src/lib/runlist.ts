import type { RunItem } from "../api/types";
import { between } from "./format";
import type { RunShow } from "./search";

const shown: Record<RunShow, (run: RunItem) => boolean> = {
  all: () => true,
  active: (r) => r.status !== "ended",
  passed: (r) => r.verdict === "passed",
  failed: (r) => r.verdict === "failed",
  trouble: (r) => r.status === "ended" && r.outcome !== "completed",
};

/** The runs that a list shows: by kind, and by words in scenario, note, id or starter. */
export function filterRuns(runs: readonly RunItem[], q: string, show: RunShow): RunItem[] {
  const wanted = q.trim().toLowerCase();
  return runs.filter(
    (r) => shown[show](r) && [r.scenario, r.note, r.id, r.by].join(" ").toLowerCase().includes(wanted),
  );
}

/** Whole seconds under load: until now for a run that goes on, undefined for one that never started. */
export function runLength(run: RunItem, now: Date = new Date()): number | undefined {
  if (run.summary) return run.summary.seconds;
  const end = run.stopped ?? run.ended ?? now.toISOString();
  const seconds = between(run.started, end);
  return seconds === undefined ? undefined : Math.max(0, Math.round(seconds));
}
