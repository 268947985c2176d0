import type { DriverKind, Region, RegionCapacity, Sweep } from "../api/types";
import { ago } from "./format";

/** A region as its form holds it: every field is there, an empty one is left to the server. */
export interface RegionForm {
  name: string;
  driver: string;
  settings: Record<string, string>;
  limit: number | "";
  runLimit: number | "";
  usersPerTask: number | "";
  cpu: number | "";
  memory: string;
  image: string;
  images: Pair[];
  server: string;
  location: string;
  providerRegion: string;
  labels: Pair[];
}

export interface Pair {
  key: string;
  value: string;
}

const known = ["location", "provider_region"];

export function formOf(region?: Region): RegionForm {
  const labels = region?.labels ?? {};
  return {
    name: region?.name ?? "",
    driver: region?.driver ?? "local",
    settings: { ...region?.settings },
    limit: region?.limit || "",
    runLimit: region?.run_limit || "",
    usersPerTask: region?.users_per_task || "",
    cpu: region?.cpu || "",
    memory: region?.memory ?? "",
    image: region?.image ?? "",
    images: pairs(region?.images),
    server: region?.server ?? "",
    location: labels.location ?? "",
    providerRegion: labels.provider_region ?? "",
    labels: pairs(labels).filter((l) => !known.includes(l.key)),
  };
}

/** The region that a form says. Settings of drivers that were looked at before stay out. */
export function regionOf(form: RegionForm, drivers: readonly DriverKind[]): Region {
  const own = drivers.find((d) => d.name === form.driver)?.settings.map((s) => s.name);
  const settings = filled(Object.entries(form.settings).filter(([name]) => !own || own.includes(name)));
  const labels = filled([
    ["location", form.location],
    ["provider_region", form.providerRegion],
    ...form.labels.map((l) => [l.key, l.value] as [string, string]),
  ]);
  const images = filled(form.images.map((i) => [i.key, i.value]));
  return {
    name: form.name.trim(),
    driver: form.driver,
    ...(settings && { settings }),
    ...(form.limit !== "" && { limit: form.limit }),
    ...(form.runLimit !== "" && { run_limit: form.runLimit }),
    ...(form.usersPerTask !== "" && { users_per_task: form.usersPerTask }),
    ...(form.cpu !== "" && { cpu: form.cpu }),
    ...(form.memory.trim() && { memory: form.memory.trim() }),
    ...(form.image.trim() && { image: form.image.trim() }),
    ...(images && { images }),
    ...(form.server.trim() && { server: form.server.trim() }),
    ...(labels && { labels }),
  };
}

/** Where a region is, when its label says so. */
export function locationOf(region: Region): { latitude: number; longitude: number } | undefined {
  const parts = (region.labels?.location ?? "").split(",").map((p) => p.trim());
  const [latitude, longitude] = parts.map(Number);
  if (parts.length !== 2 || parts.includes("") || latitude === undefined || longitude === undefined) return undefined;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined;
  return { latitude, longitude };
}

/** The provider's limit that leaves the least room. */
export function tightest(capacity: RegionCapacity | undefined) {
  return [...(capacity?.quotas ?? [])].sort((a, b) => a.tasks - b.tasks)[0];
}

/** How much of its limit a region uses, from 0 to 1; undefined when there is no limit. */
export function usedShare(capacity: RegionCapacity | undefined): number | undefined {
  if (!capacity?.limit || capacity.finding) return undefined;
  return Math.min(1, capacity.in_use / capacity.limit);
}

/** What sweeps found, in one line: tasks that ran for nobody and were stopped. */
export function sweepWords(sweeps: readonly Sweep[], now: Date = new Date()): string {
  const oldest = sweeps.reduce((a, s) => (a === "" || s.at < a ? s.at : a), "");
  if (oldest === "") return "not swept yet";
  const orphans = sweeps.reduce((sum, s) => sum + (s.orphans?.length ?? 0), 0);
  const errors = sweeps.flatMap((s) => (s.errors ?? []).map((e) => (sweeps.length > 1 ? `${s.region}: ${e}` : e)));
  const found = orphans === 0 ? "no orphans" : `${orphans} ${orphans === 1 ? "orphan" : "orphans"} stopped`;
  return `swept ${ago(oldest, now)}: ${[found, ...errors].join("; ")}`;
}

const pairs = (map: Record<string, string> | undefined): Pair[] =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => a.localeCompare(b, "en"))
    .map(([key, value]) => ({ key, value }));

function filled(entries: [string, string][]): Record<string, string> | undefined {
  const kept = entries.map(([k, v]) => [k.trim(), v.trim()] as const).filter(([k, v]) => k !== "" && v !== "");
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
