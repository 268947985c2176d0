import { describe, expect, it } from "vitest";
import type { SeriesPoint } from "../api/types";
import { axisEnd, SeriesStore } from "./series";

function point(second: number, over: Partial<SeriesPoint> = {}): SeriesPoint {
  return {
    second,
    requests: 10,
    failures: 1,
    bytes_received: 1000,
    bytes_sent: 100,
    users: 5,
    offered: 12,
    started: 10,
    in_flight: 2,
    tasks: 1,
    mean: 5,
    p50: 4,
    p90: 7,
    p95: 8,
    p99: 9,
    p99_9: 10,
    max: 11,
    first_byte_p95: 3,
    lag_p99: 0.1,
    limited: 0,
    ...over,
  };
}

describe("SeriesStore", () => {
  it("keeps in which seconds the generator was the limit, and why", () => {
    const s = new SeriesStore();
    s.replace({ step: 5, points: [point(0), point(5, { limited: 3, limited_by: "cpu" })] });
    s.add([point(10, { limited: 1, limited_by: "loop" }), point(11)]);
    expect(s.columns.limited).toEqual([0, 3, 1, 0]);
    expect(s.limitedBy).toEqual(["", "cpu", "loop", ""]);
    expect([0, 1, 2, 3].map((at) => s.widthAt(at))).toEqual([5, 5, 1, 1]);
    s.trim(11);
    expect(s.limitedBy).toEqual(["", "cpu", "loop"]);
  });

  it("turns sums over a step into figures a second", () => {
    const s = new SeriesStore();
    s.replace({ step: 5, points: [point(0, { requests: 100, failures: 10 }), point(5)] });
    expect(s.seconds).toEqual([0, 5]);
    expect(s.columns.achieved).toEqual([20, 2]);
    expect(s.columns.failures).toEqual([2, 0.2]);
    expect(s.columns.failureShare).toEqual([0.1, 0.1]);
    expect(s.next).toBe(10);
  });

  it("appends live seconds in place, after wide steps too", () => {
    const s = new SeriesStore();
    s.replace({ step: 5, points: [point(0), point(5)] });
    const column = s.columns.p95;
    s.add([point(10), point(11)]);
    expect(s.seconds).toEqual([0, 5, 10, 11]);
    expect(s.columns.achieved.slice(2)).toEqual([10, 10]);
    expect(s.columns.p95).toBe(column);
    expect(s.next).toBe(12);
  });

  it("replaces the last second and leaves out what is older", () => {
    const s = new SeriesStore();
    s.add([point(0), point(1, { requests: 3 })]);
    s.add([point(0, { requests: 99 }), point(1, { requests: 7 })]);
    expect(s.seconds).toEqual([0, 1]);
    expect(s.columns.achieved).toEqual([10, 7]);
  });

  it("has no percentile where nothing was measured", () => {
    const s = new SeriesStore();
    s.add([point(0, { requests: 0, failures: 0 })]);
    expect(s.columns.p95).toEqual([null]);
    expect(s.columns.achieved).toEqual([0]);
    expect(s.columns.failureShare).toEqual([null]);
  });

  it("leaves out what came after the last whole second", () => {
    const s = new SeriesStore();
    s.add([0, 1, 2, 3].map((n) => point(n)));
    s.trim(3.09);
    expect(s.seconds).toEqual([0, 1, 2]);
    expect(s.columns.p95).toHaveLength(3);
    s.trim(0.5);
    expect(s.seconds).toEqual([0]);
  });

  it("has no value for what a filter does not keep", () => {
    const s = new SeriesStore(["offered", "users"]);
    s.add([point(0)]);
    expect(s.columns.offered).toEqual([null]);
    expect(s.columns.achieved).toEqual([10]);
  });

  it("counts a version only when content changed", () => {
    const s = new SeriesStore();
    s.add([]);
    expect(s.version).toBe(0);
    s.add([point(0)]);
    expect(s.version).toBe(1);
  });
});

describe("axisEnd", () => {
  it.each([
    [0, undefined, 30],
    [30, undefined, 60],
    [45, 50, 50],
    [45, 600, 60],
    [61, 60, 120],
    [100_000, undefined, 172_800],
  ])("axisEnd(%s, %s) = %s", (last, planned, want) => expect(axisEnd(last, planned)).toBe(want));
});
