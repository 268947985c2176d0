import { describe, expect, it } from "vitest";
import type { RunItem } from "../api/types";
import { filterRuns } from "./runlist";
import { runSearch, runsSearch } from "./search";

const runs = [
  { id: "r1", scenario: "shop", status: "running" },
  { id: "r2", scenario: "shop", status: "ended", outcome: "completed", verdict: "passed", note: "after the fix" },
  { id: "r3", scenario: "api", status: "ended", outcome: "degraded", verdict: "failed", by: "ada" },
] as unknown as RunItem[];

describe("filterRuns", () => {
  it.each([
    ["", "all", ["r1", "r2", "r3"]],
    ["", "active", ["r1"]],
    ["", "passed", ["r2"]],
    ["", "failed", ["r3"]],
    ["", "trouble", ["r3"]],
    [" SHOP ", "all", ["r1", "r2"]],
    ["fix", "all", ["r2"]],
    ["ada", "passed", []],
  ] as const)("%j %s", (q, show, want) => expect(filterRuns(runs, q, show).map((r) => r.id)).toEqual(want));
});

describe("search params", () => {
  it("keeps only what makes sense", () => {
    expect(runSearch({ region: "eu", from: 3, to: 9, other: 1 })).toEqual({ region: "eu", from: 3, to: 9 });
    expect(runSearch({ from: 9, to: 3 })).toEqual({});
    expect(runSearch({ from: -1, to: 3 })).toEqual({});
    expect(runSearch({ label: "GET /", task: "eu-1" })).toEqual({ label: "GET /" });
    expect(runSearch({ label: 404 })).toEqual({ label: "404" });
    expect(runsSearch({ show: "nonsense", q: "" })).toEqual({});
    expect(runsSearch({ show: "failed", q: "a" })).toEqual({ show: "failed", q: "a" });
  });
});
