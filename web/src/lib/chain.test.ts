import { describe, expect, it } from "vitest";
import type { Run, RunEvent } from "../api/types";
import { chain } from "./chain";

const at = (s: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, s)).toISOString();
const run = { id: "r1", scenario: "a", status: "running", created: at(0), since: at(3), by: "ada" } as Run;
const status = (seq: number, s: number, text: string): RunEvent => ({
  run: "r1",
  seq,
  at: at(s),
  kind: "status",
  text,
});

describe("chain", () => {
  it("has times, lengths and causes", () => {
    const steps = chain(
      run,
      [
        status(1, 1, "provisioning: room in both regions"),
        status(2, 2, "ready: 4 of 4 tasks"),
        status(3, 3, "running: all ready"),
      ],
      "running",
    );
    expect(steps.map((s) => s.state)).toEqual(["done", "done", "done", "now", "ahead", "ahead"]);
    expect(steps[0]).toMatchObject({ at: at(0), seconds: 1, cause: "started by ada" });
    expect(steps[1]).toMatchObject({ seconds: 1, cause: "room in both regions" });
    expect(steps[3]).toMatchObject({ at: at(3), seconds: undefined });
  });

  it("shows what was never reached as skipped, and cancelling only when it happened", () => {
    const ended = { ...run, status: "ended", since: at(9) } as Run;
    const steps = chain(
      ended,
      [
        status(1, 1, "provisioning: x"),
        status(2, 5, "cancelling: stopped by ada before the start"),
        status(3, 6, "finishing: y"),
        status(4, 9, "ended: cancelled, criteria not_judged"),
      ],
      "ended",
    );
    expect(steps.map((s) => `${s.status} ${s.state}`)).toEqual([
      "queued done",
      "provisioning done",
      "ready skipped",
      "running skipped",
      "cancelling done",
      "finishing done",
      "ended done",
    ]);
    expect(steps[1]?.seconds).toBe(4);
  });

  it("knows the current step before its event has come", () => {
    const steps = chain(run, [], "running");
    expect(steps[3]).toMatchObject({ state: "now", at: at(3) });
    expect(steps[1]?.state).toBe("skipped");
  });

  it("leaves other events alone", () => {
    const steps = chain(run, [{ ...status(1, 1, "ready: task"), kind: "task" }], "running");
    expect(steps[2]?.state).toBe("skipped");
  });
});
