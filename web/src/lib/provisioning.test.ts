import { describe, expect, it } from "vitest";
import type { RegionStart } from "../api/types";
import { reachedCount, reachedTimes } from "./provisioning";

const at = (s: number) => new Date(Date.UTC(2026, 2, 1, 12, 0, s)).toISOString();
const none = { tasks: 0 };
const start: RegionStart = {
  tasks: 200,
  failed: 0,
  asked: at(0),
  up: { tasks: 37, first: at(2), last: at(9) },
  hello: { tasks: 200, first: at(3), last: at(3) },
  ready: none,
  load: none,
  skew_ms: 0,
};

describe("how tasks come up", () => {
  it("counts those that came, of all while some are missing", () => {
    expect(reachedCount(start, start.up)).toBe("37 of 200");
    expect(reachedCount(start, start.hello)).toBe("200");
  });
  it("says when the first and the last came", () => {
    expect(reachedTimes(start, start.up)).toBe("2.0–9.0 s");
    expect(reachedTimes(start, start.hello)).toBe("3.0 s");
    expect(reachedTimes(start, start.ready)).toBe("–");
  });
});
