import type { Accounting } from "../api/types";
import { count } from "./format";

const of = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** What is missing from a report, in plain sentences; nothing when it is whole. */
export function missing(a: Accounting): string[] {
  const out: string[] = [];
  const unstarted = a.tasks_planned - a.tasks_started;
  if (unstarted > 0) out.push(`${of(unstarted, "task")} of ${count(a.tasks_planned)} never started.`);
  if (a.tasks_lost > 0)
    out.push(`${of(a.tasks_lost, "task was", "tasks were")} lost: what they did after their last window is not known.`);
  const samples = a.samples_sent - a.samples_received;
  if (samples > 0) out.push(`${of(samples, "sample")} of ${count(a.samples_sent)} did not arrive.`);
  if (samples < 0) out.push(`${of(-samples, "sample")} more arrived than the tasks said they sent.`);
  if (a.windows_missing > 0) out.push(`${of(a.windows_missing, "window is", "windows are")} missing.`);
  if (a.samples_clamped > 0)
    out.push(`${of(a.samples_clamped, "measured time was", "measured times were")} beyond the histograms' range.`);
  return out;
}
