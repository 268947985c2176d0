/** The search text of a list in its URL. */
export function searchText(search: Record<string, unknown>): { q?: string } {
  const q = search.q;
  return typeof q === "string" && q !== "" ? { q } : typeof q === "number" ? { q: String(q) } : {};
}

const text = (value: unknown) =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
const second = (value: unknown) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;

/** What a run page shows: the narrowed charts and the zoom, so that a view can be sent to somebody. */
export interface RunSearch {
  region?: string;
  label?: string;
  task?: string;
  from?: number;
  to?: number;
}

export function runSearch(search: Record<string, unknown>): RunSearch {
  const out: RunSearch = {};
  const [region, label, task] = [text(search.region), text(search.label), text(search.task)];
  if (region) out.region = region;
  if (label) out.label = label;
  // The series of a task is not kept by label.
  if (task && !label) out.task = task;
  const [from, to] = [second(search.from), second(search.to)];
  if (from !== undefined && to !== undefined && to > from) {
    out.from = from;
    out.to = to;
  }
  return out;
}

/** Which runs a list shows. */
export type RunShow = "all" | "active" | "passed" | "failed" | "trouble";
const runShows: readonly unknown[] = ["active", "passed", "failed", "trouble"];

export function runsSearch(search: Record<string, unknown>): { q?: string; show?: RunShow } {
  return { ...searchText(search), ...(runShows.includes(search.show) ? { show: search.show as RunShow } : {}) };
}
