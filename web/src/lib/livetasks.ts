import type { Plan } from "../api/types";
import type { TaskRow } from "./runview";

/** Engines that change no load while they run: users come and go with tasks. */
export const withoutLiveControl = (engine: string | undefined) => engine === "k6" || engine === "jmeter";

/** How many tasks stay in each region: those that were not told to leave. */
export function staying(plan: Plan | undefined): [region: string, tasks: number][] {
  return (plan?.regions ?? []).map((r) => [r.name, (r.tasks ?? []).filter((t) => !t.leaves).length]);
}

/** What one task more brings: users of a task that was planned, if that is known and the same in all. */
export function usersOfATask(plan: Plan | undefined): number | undefined {
  const users = (plan?.regions ?? []).flatMap((r) => (r.tasks ?? []).filter((t) => !t.added).map((t) => t.users ?? 0));
  const [first] = users;
  return first && users.every((n) => n === first) ? first : undefined;
}

/** Which tasks are on their way in and out, in words. */
export function underWay(tasks: readonly TaskRow[]): string {
  const names = (rows: TaskRow[]) => {
    const list = rows.slice(0, 4).map((t) => t.name);
    return rows.length > 4 ? `${list.join(", ")} and ${rows.length - 4} more` : list.join(", ");
  };
  const over = new Set(["done", "lost", "failed"]);
  const coming = tasks.filter((t) => t.change === "added" && t.status !== "running" && !over.has(t.status));
  const going = tasks.filter((t) => t.change === "leaving" && !over.has(t.status));
  return [coming.length > 0 ? `starting: ${names(coming)}` : "", going.length > 0 ? `draining: ${names(going)}` : ""]
    .filter(Boolean)
    .join(" · ");
}
