import { describe, expect, it } from "vitest";
import type { Figures, Latency } from "../api/types";
import { hasPhases, phases } from "./phases";

const dist = (count: number, mean: number) => ({ count, mean }) as Latency;

describe("phases", () => {
  it("spreads what only some requests have over all, so that the parts add up to the mean", () => {
    const f = {
      latency_ms: dist(100, 13),
      first_byte_ms: dist(100, 10),
      body_ms: dist(100, 3),
      connect_ms: dist(10, 30),
      dns_ms: dist(5, 20),
      tcp_ms: dist(10, 10),
      tls_ms: dist(10, 10),
    } as Figures;
    const got = phases(f, false);
    expect(got.map((p) => [p.key, p.mean])).toEqual([
      ["dns", 1],
      ["tcp", 1],
      ["tls", 1],
      ["firstByte", 7],
      ["body", 3],
    ]);
    expect(got.reduce((sum, p) => sum + p.mean, 0)).toBe(13);
    expect(got.reduce((sum, p) => sum + p.share, 0)).toBeCloseTo(1);
  });

  it("has the same rows before the first figure and without phases", () => {
    const rows = phases(undefined, true);
    expect(rows.map((p) => p.key)).toEqual(["lag", "dns", "tcp", "tls", "firstByte", "body"]);
    expect(rows.every((p) => p.mean === 0 && p.share === 0 && p.dist === undefined)).toBe(true);
    expect(hasPhases(undefined)).toBe(false);
    expect(hasPhases({ latency_ms: dist(3, 1) } as Figures)).toBe(false);
    expect(hasPhases({ latency_ms: dist(3, 1), first_byte_ms: dist(3, 1) } as Figures)).toBe(true);
  });

  it("never has a part below nothing, when failures have a connection and no first byte", () => {
    const f = { latency_ms: dist(10, 5), first_byte_ms: dist(1, 1), tcp_ms: dist(10, 5) } as Figures;
    expect(phases(f, false).find((p) => p.key === "firstByte")?.mean).toBe(0);
  });
});
