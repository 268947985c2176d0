import type { RegionStart } from "../api/types";
import { between, count, NONE } from "./format";

type Reached = RegionStart["up"];

/** The steps of a task's way to its load, in order. */
export const steps = [
  { key: "up", name: "Up", hint: "Instances that run" },
  { key: "hello", name: "Hello", hint: "Agents that spoke to the server" },
  { key: "ready", name: "Ready", hint: "Tasks with order, files and a prepared engine" },
  { key: "load", name: "Load", hint: "Tasks whose load began" },
] as const;

/** "37 of 200" while some are on their way, "200" when all came. */
export function reachedCount(start: RegionStart, r: Reached): string {
  return r.tasks >= start.tasks ? count(r.tasks) : `${count(r.tasks)} of ${count(start.tasks)}`;
}

/** When the first and the last came, in seconds since the region was asked. */
export function reachedTimes(start: RegionStart, r: Reached): string {
  if (r.tasks === 0 || !start.asked) return NONE;
  const [first, last] = [short(between(start.asked, r.first)), short(between(start.asked, r.last))];
  return first === last ? `${first} s` : `${first}–${last} s`;
}

const short = (seconds: number | undefined) => Math.max(0, seconds ?? 0).toFixed(1);
