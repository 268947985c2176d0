import { describe, expect, it } from "vitest";
import { limitedShare, limitText, limitWords } from "./limits";

describe("limits", () => {
  it("names the reasons, the most frequent first", () => {
    expect(limitWords({ loop: 1, cpu: 20, files: 1 })).toBe(
      "CPU full (20), no file descriptors left (1), event loop behind (1)",
    );
    expect(limitWords(undefined)).toBe("");
    expect(limitText("a word of a newer server")).toBe("see the task's log");
  });
  it("is silent about a generator that never was the limit", () => {
    expect(limitedShare(undefined)).toBe("");
    expect(limitedShare({ task_seconds: 60, limited: 0 })).toBe("");
    expect(limitedShare({ task_seconds: 1060, limited: 14 })).toBe("14 of 1,060 task-seconds");
  });
});
