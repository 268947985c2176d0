import { describe, expect, it } from "vitest";
import type { Accounting } from "../api/types";
import { missing } from "./accounting";

const whole: Accounting = {
  tasks_planned: 4,
  tasks_started: 4,
  tasks_reported: 4,
  tasks_lost: 0,
  samples_sent: 1000,
  samples_received: 1000,
  windows_missing: 0,
  windows_repeated: 3,
  samples_clamped: 0,
};

describe("missing", () => {
  it("is silent when nothing is", () => expect(missing(whole)).toEqual([]));

  it("names every gap", () => {
    expect(
      missing({
        ...whole,
        tasks_started: 3,
        tasks_lost: 1,
        samples_received: 990,
        windows_missing: 2,
        samples_clamped: 1,
      }),
    ).toEqual([
      "1 task of 4 never started.",
      "1 task was lost: what they did after their last window is not known.",
      "10 samples of 1,000 did not arrive.",
      "2 windows are missing.",
      "1 measured time was beyond the histograms' range.",
    ]);
  });

  it("does not hide samples that nobody counted", () => {
    expect(missing({ ...whole, samples_received: 1001 })).toEqual([
      "1 sample more arrived than the tasks said they sent.",
    ]);
  });
});
