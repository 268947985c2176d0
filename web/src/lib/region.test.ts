import { describe, expect, it } from "vitest";
import type { DriverKind, Region } from "../api/types";
import { landDots } from "./land";
import { formOf, locationOf, regionOf, sweepWords, tightest, usedShare } from "./region";

const drivers: DriverKind[] = [
  { name: "local", summary: "here", settings: [] },
  { name: "docker", summary: "there", settings: [{ name: "hosts", help: "Where." }] },
];

describe("a region's form", () => {
  it("gives back the region that it was made from", () => {
    const region: Region = {
      name: "eu",
      driver: "docker",
      settings: { hosts: "a,b" },
      limit: 20,
      run_limit: 10,
      users_per_task: 100,
      cpu: 0.5,
      memory: "4GiB",
      image: "agent:1",
      images: { k6: "k6:1" },
      server: "https://onrush.example.com",
      labels: { location: "50.1,8.7", provider_region: "eu-central-1", team: "load" },
    };
    expect(regionOf(formOf(region), drivers)).toEqual(region);
    expect(regionOf(formOf({ name: "here", driver: "local" }), drivers)).toEqual({ name: "here", driver: "local" });
  });

  it("leaves out what is empty, and other drivers' settings", () => {
    const form = { ...formOf(), name: " lab ", driver: "local", settings: { hosts: "a" }, memory: "  " };
    expect(regionOf({ ...form, labels: [{ key: "", value: "x" }] }, drivers)).toEqual({ name: "lab", driver: "local" });
  });
});

describe("where a region is", () => {
  const at = (location: string) => locationOf({ name: "eu", driver: "local", labels: { location } });
  it("is read from its label", () => {
    expect(at("50.1, 8.7")).toEqual({ latitude: 50.1, longitude: 8.7 });
    for (const bad of ["", "50.1", ",", "a,b", "91,0", "0,181", "1,2,3"]) expect(at(bad), bad).toBeUndefined();
  });
  it("may be on land", () => {
    const dots = landDots();
    const near = (latitude: number, longitude: number) =>
      dots.some((d) => Math.abs(d.latitude - latitude) <= 2 && Math.abs(d.longitude - longitude) <= 2);
    expect(dots.length).toBeGreaterThan(2000);
    expect(near(50.1, 8.7)).toBe(true); // Frankfurt
    expect(near(-33.8, 148)).toBe(true); // west of Sydney
    expect(near(40, -40)).toBe(false); // the Atlantic
  });
});

describe("capacity", () => {
  it("is a share of the limit, when both are known", () => {
    expect(usedShare({ in_use: 5, limit: 20 })).toBe(0.25);
    expect(usedShare({ in_use: 30, limit: 20 })).toBe(1);
    expect(usedShare({ in_use: 5 })).toBeUndefined();
    expect(
      usedShare({ in_use: 0, limit: 20, finding: { check: "platform", state: "failed", text: "away" } }),
    ).toBeUndefined();
  });
  it("names the quota that leaves the least room", () => {
    const quota = (name: string, tasks: number) => ({ name, tasks, limit: 1, in_use: 0, unit: "vCPU" });
    expect(tightest({ in_use: 0, quotas: [quota("a", 9), quota("b", 3)] })?.name).toBe("b");
    expect(tightest(undefined)).toBeUndefined();
  });
});

describe("sweeps", () => {
  const now = new Date("2030-01-01T12:00:00Z");
  const sweep = (region: string, at: string, orphans = 0, errors: string[] = []) => ({
    region,
    at,
    seen: 3,
    errors,
    orphans: Array.from({ length: orphans }, () => ({ run: "r", task: "t", instance: "i", why: "ended" })),
  });
  it("are told in one line", () => {
    expect(sweepWords([], now)).toBe("not swept yet");
    expect(sweepWords([sweep("eu", "2030-01-01T11:50:00Z")], now)).toBe("swept 10m ago: no orphans");
    expect(
      sweepWords([sweep("eu", "2030-01-01T11:50:00Z", 1), sweep("us", "2030-01-01T11:30:00Z", 1, ["away"])], now),
    ).toBe("swept 30m ago: 2 orphans stopped; us: away");
    expect(sweepWords([sweep("eu", "2030-01-01T11:59:58Z", 1, ["away"])], now)).toBe(
      "swept just now: 1 orphan stopped; away",
    );
  });
});
