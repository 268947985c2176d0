import { expect, test } from "vitest";
import { metricText } from "./ScriptMetrics";

const base = { count: 4, sum: 8, min: 1, max: 3, last: 2 };

test("each kind of metric is said in its own words", () => {
  expect(metricText({ ...base, kind: "counter", unit: "B", per_second: 2 })).toBe("8.00 B · 2.00/s");
  expect(metricText({ ...base, kind: "rate", share: 0.5 })).toBe("50.0 % of 4");
  expect(metricText({ ...base, kind: "gauge" })).toBe("2.00 (1.00 to 3.00)");
});
