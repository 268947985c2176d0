import type { Run, RunEvent, Status } from "../api/types";
import { between } from "./format";

/** One step of a run's way from queued to ended. */
export interface Step {
  status: Status;
  /** When it was entered; undefined: not yet, or never. */
  at?: string | undefined;
  /** How long it took, in seconds; undefined while it goes on. */
  seconds?: number | undefined;
  /** Why it was entered. */
  cause?: string | undefined;
  state: "done" | "now" | "ahead" | "skipped";
}

const way: Status[] = ["queued", "provisioning", "ready", "running", "finishing", "ended"];

const isStatus = (word: string): word is Status => word === "cancelling" || (way as string[]).includes(word);

/** Reads "provisioning: why" of a status event. */
function entered(event: RunEvent): { status: Status; cause: string } | undefined {
  const [, word = "", cause = ""] = /^([a-z_]+)(?::\s*(.*))?$/s.exec(event.text) ?? [];
  return event.kind === "status" && isStatus(word) ? { status: word, cause } : undefined;
}

/**
 * The state chain of a run: the statuses in order, with times and causes from
 * its events. Cancelling stands in the chain only for a run that went there.
 */
export function chain(run: Run, events: readonly RunEvent[], now: Status): Step[] {
  const at = new Map<Status, { at: string; cause: string }>([["queued", { at: run.created, cause: startedBy(run) }]]);
  for (const event of events) {
    const e = entered(event);
    if (e) at.set(e.status, { at: event.at, cause: e.cause });
  }
  // What the run itself says, where an event is not there yet.
  if (!at.has(now)) at.set(now, { at: run.since, cause: "" });
  const cancelling = at.has("cancelling");
  const steps = cancelling ? [...way.slice(0, 4), "cancelling" as const, ...way.slice(4)] : way;
  const here = steps.indexOf(now);
  return steps.map((status, i) => {
    const known = i <= here ? at.get(status) : undefined;
    const next = steps.slice(i + 1, here + 1).find((s) => at.has(s));
    return {
      status,
      at: known?.at,
      seconds: status === "ended" ? undefined : between(known?.at, next && at.get(next)?.at),
      cause: known?.cause || undefined,
      state: i > here ? "ahead" : !known ? "skipped" : i === here && now !== "ended" ? "now" : "done",
    };
  });
}

const startedBy = (run: Run) => (run.by ? `started by ${run.by}` : "");
