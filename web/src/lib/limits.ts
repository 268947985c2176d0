import type { Generator } from "../api/types";
import { count } from "./format";

const texts: Record<string, string> = {
  files: "no file descriptors left",
  ports: "no local ports left",
  memory: "memory nearly full",
  cpu: "CPU full",
  cpu_wait: "waiting for a CPU",
  gc: "garbage collection",
  loop: "event loop behind",
  connections: "max_connections reached",
  data: "unique rows used up",
  dropped: "requests given up",
  late: "requests sent late",
};

/** Why a generator was the limit, in words. */
export const limitText = (limit: string) => texts[limit] ?? "see the task's log";

/** The reasons, the most frequent first. */
export function limitWords(by: Record<string, number> | undefined | null): string {
  return Object.entries(by ?? {})
    .sort(([a, n], [b, m]) => m - n || a.localeCompare(b))
    .map(([limit, n]) => `${limitText(limit)} (${count(n)})`)
    .join(", ");
}

/** "14 of 60 task-seconds"; nothing when the generator never was the limit. */
export function limitedShare(g: Generator | undefined): string {
  return g && g.limited > 0 ? `${count(g.limited)} of ${count(g.task_seconds)} task-seconds` : "";
}
