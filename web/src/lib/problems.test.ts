import { describe, expect, it } from "vitest";
import { byLine, problemAt, problemText } from "./problems";

const problems = [
  { path: "load.users", line: 4, message: "must be at least 1" },
  { path: "regions[1].tasks", line: 9, message: "zero tasks" },
  { path: "regions[1].name", line: 9, message: "unknown region" },
  { path: "", message: "not YAML" },
];

describe("problems", () => {
  it("finds a field's problem, or one inside it", () => {
    expect(problemAt(problems, "load.users")).toBe("must be at least 1");
    expect(problemAt(problems, "load.rate", "load.users")).toBe("must be at least 1");
    expect(problemAt(problems, "regions[1]")).toBe("zero tasks");
    expect(problemAt(problems, "load.use")).toBeUndefined();
    expect(problemAt(problems, "regions[0]")).toBeUndefined();
  });

  it("groups by line", () => {
    const lines = byLine(problems);
    expect([...lines.keys()]).toEqual([4, 9]);
    expect(lines.get(9)).toHaveLength(2);
  });

  it("says the whole fault", () => {
    expect(problems.map(problemText)).toEqual([
      "load.users: must be at least 1",
      "regions[1].tasks: zero tasks",
      "regions[1].name: unknown region",
      "not YAML",
    ]);
  });
});
