import type {
  Accounting,
  CriterionResult,
  Figures,
  Generator,
  MetricFigures,
  Plan,
  RegionStart,
  Report,
  Run,
  SeriesPoint,
  Snapshot,
  Status,
  Task,
  TaskStatus,
} from "../api/types";
import { clock } from "./format";
import { limitWords } from "./limits";
import { seconds as toSeconds } from "./scenario";

/** A task as the page shows it, live or from the report. */
export interface TaskRow {
  name: string;
  region: string;
  status: TaskStatus;
  attempt: number;
  users?: number | undefined;
  rate?: number | undefined;
  requests: number;
  failures: number;
  p95?: number | undefined;
  /** Cores: in the last second, or the most of a run that ended. */
  cpu?: number | undefined;
  /** Seconds in which the generator and not the target was the limit. */
  limited: number;
  skew?: number | undefined;
  /** Where a change of the running run has brought it, or told it to leave. */
  change?: "added" | "leaving" | undefined;
  /** Why it is limited, lost or failed. */
  remark?: string | undefined;
  /** Seconds without a window while it should report. */
  behind: number;
}

/** One picture of a run, whatever it is drawn from: so the page stays the same when the run ends. */
export interface RunView {
  status: Status;
  live: boolean;
  second: number;
  total?: Figures | undefined;
  last?: SeriesPoint | undefined;
  regions: [string, Figures][];
  labels: [string, Figures][];
  metrics: [string, MetricFigures][];
  /** How the tasks of each region came up. */
  starts: [string, RegionStart][];
  tasks: TaskRow[];
  planned: number;
  reporting: number;
  criteria: CriterionResult[];
  accounting?: Accounting | undefined;
  generator?: Generator | undefined;
  skew?: number | undefined;
  notes: string[];
  plan?: Plan | undefined;
  /** Seconds under load: planned, if the profile has an end, and done. */
  plannedSeconds?: number | undefined;
  doneSeconds: number;
}

const byName = <T>(map: Record<string, T> | null | undefined): [string, T][] =>
  Object.entries(map ?? {}).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));

/** Builds the view from the report once it is there, else from the newest snapshot, else from the plan. */
export function runView(run: Run, snapshot: Snapshot | undefined, report: Report | undefined, tasks: Task[]): RunView {
  const plan = run.plan ?? report?.plan;
  const status = report ? "ended" : later(run.status, snapshot?.status);
  const figures = report ?? snapshot;
  const rows = report ? reportTasks(report) : liveTasks(plan, snapshot, tasks);
  return {
    status,
    live: status !== "ended",
    second: snapshot?.second ?? -1,
    total: figures?.total,
    last: report ? undefined : snapshot && snapshot.second >= 0 ? snapshot.last : undefined,
    regions: byName(figures?.regions),
    labels: byName(figures?.labels),
    metrics: byName(figures?.metrics),
    starts: byName(figures?.provisioning),
    tasks: rows,
    // Tasks that came to the running run count as well.
    planned: report?.accounting.tasks_planned ?? Math.max(plan?.tasks ?? 0, rows.length),
    reporting: report?.accounting.tasks_reported ?? rows.filter((t) => t.status === "running" && t.behind <= 3).length,
    criteria: figures?.criteria ?? (plan?.criteria ?? []).map((c) => ({ criterion: c, verdict: "not_judged" })),
    accounting: report?.accounting,
    generator: figures?.generator,
    skew: report?.start_skew_ms ?? spread(tasks.map((t) => t.skew_ms)),
    notes: figures?.notes ?? [],
    plan,
    plannedSeconds: plan && !plan.profile.endless ? toSeconds(plan.duration) : undefined,
    doneSeconds: report?.run.seconds ?? (snapshot ? snapshot.second + 1 : 0),
  };
}

const order: Status[] = ["queued", "provisioning", "ready", "running", "cancelling", "finishing", "ended"];

/** Whether a run that is at a has left b behind. */
export const isLater = (a: Status, b: Status) => order.indexOf(a) > order.indexOf(b);

// The run and its stream come by different ways: the later status is true.
function later(a: Status, b: Status | undefined): Status {
  return b && isLater(b, a) ? b : a;
}

function spread(skews: (number | null | undefined)[]): number | undefined {
  const known = skews.filter((s): s is number => typeof s === "number");
  return known.length > 0 ? Math.max(...known) - Math.min(...known) : undefined;
}

const total = (by: Record<string, number> | null | undefined) => Object.values(by ?? {}).reduce((a, b) => a + b, 0);

/** When a task came and went that was not there all the time. */
function whenThere(task: Task): string {
  const joined = toSeconds(task.joined);
  const left = toSeconds(task.left);
  return [
    joined === undefined ? "" : `${task.added ? "added" : "joined"} at ${clock(joined)}`,
    left === undefined ? "" : `taken away at ${clock(left)}`,
  ]
    .filter(Boolean)
    .join(", ");
}

function reportTasks(report: Report): TaskRow[] {
  return byName(report.tasks).map(([name, t]) => ({
    name,
    region: t.task.region,
    status: t.task.status,
    attempt: t.task.attempt ?? 0,
    rate: t.requests_per_second,
    requests: t.requests,
    failures: t.failures,
    p95: t.latency_ms.count > 0 ? t.latency_ms.p95 : undefined,
    skew: t.task.skew_ms ?? undefined,
    change: t.task.left ? "leaving" : t.task.added ? "added" : undefined,
    cpu: t.health?.cpu_max,
    limited: total(t.health?.limited_by),
    remark:
      [whenThere(t.task), t.task.reason, limitWords(t.health?.limited_by)].filter(Boolean).join(" · ") || undefined,
    behind: 0,
  }));
}

function liveTasks(plan: Plan | undefined, snapshot: Snapshot | undefined, tasks: Task[]): TaskRow[] {
  const known = new Map(tasks.map((t) => [t.name, t]));
  const live = snapshot?.tasks ?? {};
  const planned = (plan?.regions ?? []).flatMap((r) => (r.tasks ?? []).map((t) => [t.name, r.name] as const));
  const changed = new Map(
    (plan?.regions ?? []).flatMap((r) =>
      (r.tasks ?? []).map((t) => [t.name, t.leaves ? "leaving" : t.added ? "added" : undefined] as const),
    ),
  );
  const names = new Map<string, string>([...planned, ...byName(live).map(([n, t]) => [n, t.region] as const)]);
  return [...names].map(([name, region]) => {
    const t = live[name];
    const task = known.get(name);
    return {
      name,
      region,
      status: t?.status ?? task?.status ?? "planned",
      attempt: task?.attempt ?? 0,
      users: t?.users,
      rate: t?.requests_per_second,
      requests: t?.requests ?? 0,
      failures: t?.failures ?? 0,
      p95: t && t.requests > 0 ? t.p95 : undefined,
      cpu: t?.cpu,
      limited: t?.limited_seconds ?? 0,
      skew: task?.skew_ms ?? undefined,
      change: changed.get(name),
      remark: t?.limited || task?.reason || (task && whenThere(task)) || undefined,
      behind: t?.behind ?? 0,
    };
  });
}
