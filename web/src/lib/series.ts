import type { Series, SeriesPoint } from "../api/types";

/** The drawn figures, each a column over the same seconds. */
export const columnNames = [
  "achieved",
  "offered",
  "users",
  "inFlight",
  "failures",
  "failureShare",
  "bytesIn",
  "bytesOut",
  "p50",
  "p90",
  "p95",
  "p99",
  "p999",
  "max",
  "firstByteP95",
  "lagP99",
  "tasks",
  "limited",
] as const;

export type ColumnName = (typeof columnNames)[number];
type Cell = number | null;

// A percentile of nothing is no value, not 0: the line must break there.
function derive(p: SeriesPoint, step: number): Record<ColumnName, Cell> {
  const measured = p.requests > 0;
  return {
    achieved: p.requests / step,
    offered: p.offered,
    users: p.users,
    inFlight: p.in_flight,
    failures: p.failures / step,
    failureShare: measured ? p.failures / p.requests : null,
    bytesIn: p.bytes_received / step,
    bytesOut: p.bytes_sent / step,
    p50: measured ? p.p50 : null,
    p90: measured ? p.p90 : null,
    p95: measured ? p.p95 : null,
    p99: measured ? p.p99 : null,
    p999: measured ? p.p99_9 : null,
    max: measured ? p.max : null,
    firstByteP95: measured ? p.first_byte_p95 : null,
    lagP99: measured ? p.lag_p99 : null,
    tasks: p.tasks,
    limited: p.limited ?? 0,
  };
}

/**
 * SeriesStore keeps a run's series as columns, the form that charts draw. It
 * grows in place: appending a second costs a push per column, so that an hour of
 * live seconds never copies what is already drawn. `version` tells charts that
 * the columns' content has changed.
 */
export class SeriesStore {
  readonly seconds: number[] = [];
  readonly columns = Object.fromEntries(columnNames.map((n) => [n, [] as Cell[]])) as Record<ColumnName, Cell[]>;
  /** Why the generator was the limit in the seconds of column `limited`; empty elsewhere. */
  readonly limitedBy: string[] = [];
  version = 0;
  private lastStep = 1;

  /** Figures that are not kept under the store's filter have no value, rather than 0. */
  constructor(private readonly without: readonly ColumnName[] = []) {}

  /** The first second not covered yet: the place where the next point belongs. */
  get next(): number {
    const last = this.seconds.at(-1);
    return last === undefined ? 0 : last + this.lastStep;
  }

  get length(): number {
    return this.seconds.length;
  }

  /** Adds points at the end; a point for the last second replaces it, older ones are left out. */
  add(points: readonly SeriesPoint[], step = 1): void {
    for (const p of points) this.put(p, step);
    if (points.length > 0) this.version++;
  }

  /** The width of the step that begins at a place, in seconds. */
  widthAt(at: number): number {
    const [here, next] = [this.seconds[at], this.seconds[at + 1]];
    return here === undefined || next === undefined ? this.lastStep : next - here;
  }

  /** Starts again from a whole series. */
  replace(series: Series): void {
    this.seconds.length = 0;
    for (const name of columnNames) this.columns[name].length = 0;
    this.limitedBy.length = 0;
    this.lastStep = series.step;
    for (const p of series.points ?? []) this.put(p, series.step);
    this.version++;
  }

  /**
   * Leaves out what came after the last whole second of a run that took so many
   * seconds: a few responses in a fraction of a second are no figure per second.
   */
  trim(runSeconds: number): void {
    let length = this.seconds.length;
    while (length > 1 && (this.seconds[length - 1] ?? 0) + this.lastStep > runSeconds) length--;
    this.seconds.length = length;
    for (const name of columnNames) this.columns[name].length = length;
    this.limitedBy.length = length;
    this.version++;
  }

  private put(p: SeriesPoint, step: number): void {
    const last = this.seconds.at(-1);
    if (last !== undefined && p.second < last) return;
    const row = derive(p, step);
    for (const name of this.without) row[name] = null;
    const at = last === p.second ? this.seconds.length - 1 : this.seconds.length;
    this.seconds[at] = p.second;
    for (const name of columnNames) this.columns[name][at] = row[name];
    this.limitedBy[at] = p.limited_by ?? "";
    this.lastStep = step;
  }
}

const ends = [30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];

/**
 * Where the time axis ends while a run goes on: the next round length, but never
 * beyond the planned end. So the axis moves a few times in a run, not each second.
 */
export function axisEnd(last: number, planned: number | undefined): number {
  const round = ends.find((end) => end > last) ?? Math.ceil((last + 1) / 86400) * 86400;
  return planned !== undefined && planned > last ? Math.min(round, planned) : round;
}
