import { describe, expect, it } from "vitest";
import type { Figures, Plan, Report, Run, Snapshot, Task } from "../api/types";
import { runView } from "./runview";

const plan = {
  tasks: 2,
  duration: "1m30s",
  profile: { points: [] },
  criteria: ["p95 < 1s"],
  regions: [
    { name: "eu", tasks: [{ name: "eu-1" }] },
    { name: "us", tasks: [{ name: "us-1" }] },
  ],
} as unknown as Plan;
const run = { id: "r", status: "running", plan } as Run;
const figures = (requests: number) =>
  ({ requests, failures: 1, requests_per_second: 2, latency_ms: { count: requests, p95: 9 } }) as Figures;
const snapshot = {
  status: "running",
  second: 4,
  last: { second: 4, requests: 10 },
  total: figures(50),
  regions: { us: figures(20), eu: figures(30) },
  labels: { "GET /": figures(50) },
  tasks: {
    "eu-1": {
      region: "eu",
      status: "running",
      users: 3,
      requests: 30,
      failures: 1,
      p95: 8,
      requests_per_second: 6,
      cpu: 0.5,
      behind: 0,
      limited: "cpu",
    },
  },
  criteria: [],
} as unknown as Snapshot;

describe("runView", () => {
  it("shows the plan before the first second", () => {
    const v = runView({ ...run, status: "queued" }, undefined, undefined, []);
    expect(v).toMatchObject({
      live: true,
      status: "queued",
      planned: 2,
      reporting: 0,
      plannedSeconds: 90,
      doneSeconds: 0,
    });
    expect(v.tasks.map((t) => `${t.name} ${t.status}`)).toEqual(["eu-1 planned", "us-1 planned"]);
    expect(v.criteria).toEqual([{ criterion: "p95 < 1s", verdict: "not_judged" }]);
    expect(v.total).toBeUndefined();
  });

  it("takes live figures, and tasks that have not spoken from what is known of them", () => {
    const tasks = [
      { name: "us-1", status: "lost", reason: "killed", skew_ms: 4 },
      { name: "eu-1", status: "running", skew_ms: -1 },
    ] as Task[];
    const v = runView(run, snapshot, undefined, tasks);
    expect(v.total?.requests).toBe(50);
    expect(v.regions.map(([name]) => name)).toEqual(["eu", "us"]);
    expect(v.tasks[0]).toMatchObject({ name: "eu-1", users: 3, remark: "cpu" });
    expect(v.tasks[1]).toMatchObject({ name: "us-1", status: "lost", remark: "killed" });
    expect(v).toMatchObject({ skew: 5, reporting: 1, doneSeconds: 5 });
  });

  it("trusts whichever status is later", () => {
    expect(runView(run, { ...snapshot, status: "finishing" }, undefined, []).status).toBe("finishing");
    expect(runView({ ...run, status: "ended" }, snapshot, undefined, []).status).toBe("ended");
  });

  it("takes everything from the report when it is there", () => {
    const report = {
      run: { status: "ended", seconds: 12 },
      accounting: { tasks_planned: 2, tasks_reported: 1 },
      start_skew_ms: 3,
      total: figures(70),
      regions: {},
      labels: {},
      tasks: { "eu-1": { ...figures(70), task: { region: "eu", status: "done", skew_ms: 0 } } },
      criteria: [],
      notes: ["one task was lost"],
    } as unknown as Report;
    const v = runView(run, snapshot, report, []);
    expect(v).toMatchObject({ live: false, status: "ended", planned: 2, reporting: 1, skew: 3, doneSeconds: 12 });
    expect(v.total?.requests).toBe(70);
    expect(v.tasks).toHaveLength(1);
    expect(v.notes).toEqual(["one task was lost"]);
    expect(v.last).toBeUndefined();
  });
});
