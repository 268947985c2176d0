import { describe, expect, it } from "vitest";
import * as f from "./format";

describe("quantities", () => {
  it.each([
    [0, "0 ms"],
    [0.312, "312 µs"],
    [0.9999, "1.00 ms"],
    [4.561, "4.56 ms"],
    [34.56, "34.6 ms"],
    [99.99, "100 ms"],
    [999.4, "999 ms"],
    [999.6, "1.00 s"],
    [12_345, "12.3 s"],
    [150_000, "2m 30s"],
    [undefined, "–"],
    [Number.NaN, "–"],
  ])("ms(%s) = %s", (n, want) => expect(f.ms(n)).toBe(want));

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [1_234_567_890, "1.23 GB"],
  ])("bytes(%s) = %s", (n, want) => expect(f.bytes(n)).toBe(want));

  it.each([
    [7, "7/s"],
    [7.25, "7.25/s"],
    [9_999, "9,999/s"],
    [12_345, "12.3k/s"],
    [4_560_000, "4.56M/s"],
  ])("rate(%s) = %s", (n, want) => expect(f.rate(n)).toBe(want));

  it("never rounds a share up to all or down to none", () => {
    expect(f.share(0, 100)).toBe("0 %");
    expect(f.share(1, 1_000_000)).toBe("<0.01 %");
    expect(f.share(999_999, 1_000_000)).toBe(">99.99 %");
    expect(f.share(100, 100)).toBe("100 %");
    expect(f.share(1, 8)).toBe("12.5 %");
    expect(f.share(1, 0)).toBe("–");
  });
});

describe("short", () => {
  it.each([
    ["6.00 MB/s", "6 MB/s"],
    ["1.50 s", "1.5 s"],
    ["0.750", "0.75"],
    ["100", "100"],
    ["250 ms", "250 ms"],
    ["10.5k", "10.5k"],
  ])("%s → %s", (given, want) => expect(f.short(given)).toBe(want));
});

describe("time", () => {
  it.each([
    [0, "0s"],
    [0.25, "250 ms"],
    [12.34, "12.3s"],
    [59.97, "1m"],
    [304, "5m 04s"],
    [3600, "1h"],
    [3725, "1h 02m"],
    [97_200, "1d 03h"],
  ])("duration(%s) = %s", (n, want) => expect(f.duration(n)).toBe(want));

  it.each([
    [7, "0:07"],
    [727, "12:07"],
    [3727, "1:02:07"],
  ])("clock(%s) = %s", (n, want) => expect(f.clock(n)).toBe(want));

  it("says how long ago", () => {
    const now = new Date("2026-01-02T00:00:00Z");
    expect(f.ago("2026-01-01T23:59:58Z", now)).toBe("just now");
    expect(f.ago("2026-01-01T23:59:00Z", now)).toBe("1m ago");
    expect(f.ago("2025-12-30T00:00:00Z", now)).toBe("3d ago");
  });

  it("counts seconds between instants", () => {
    expect(f.between("2026-01-01T00:00:00Z", "2026-01-01T00:01:30.5Z")).toBe(90.5);
    expect(f.between("2026-01-01T00:00:00Z", undefined)).toBeUndefined();
  });
});
