import { describe, expect, it } from "vitest";
import type { Plan } from "../api/types";
import { staying, underWay, usersOfATask } from "./livetasks";
import type { TaskRow } from "./runview";

const task = (name: string, users: number, more: object = {}) => ({
  name,
  index: 0,
  share: { groups: [], group: 0, index: 0 },
  users,
  ...more,
});
const plan = {
  regions: [
    { name: "eu", tasks: [task("eu-1", 10), task("eu-2", 10, { leaves: "3s" }), task("eu-3", 10, { added: true })] },
    { name: "us", tasks: [task("us-1", 10)] },
  ],
} as unknown as Plan;
const row = (name: string, status: string, change?: string) => ({ name, status, change }) as TaskRow;

describe("tasks of a running run", () => {
  it("counts those that stay", () => {
    expect(staying(plan)).toEqual([
      ["eu", 2],
      ["us", 1],
    ]);
    expect(staying(undefined)).toEqual([]);
  });
  it("knows what a task more brings", () => {
    expect(usersOfATask(plan)).toBe(10);
    expect(
      usersOfATask({ regions: [{ name: "eu", tasks: [task("eu-1", 3), task("eu-2", 2)] }] } as unknown as Plan),
    ).toBe(undefined);
  });
  it("names those on their way", () => {
    const rows = [
      row("eu-1", "running"),
      row("eu-2", "running", "leaving"),
      row("eu-3", "starting", "added"),
      row("eu-4", "running", "added"),
      row("eu-5", "done", "leaving"),
    ];
    expect(underWay(rows)).toBe("starting: eu-3 · draining: eu-2");
    expect(underWay([row("eu-1", "running")])).toBe("");
  });
});
