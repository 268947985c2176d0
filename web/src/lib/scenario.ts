/** What the short form of a scenario holds. The YAML editor holds everything else. */
export interface ScenarioForm {
  name: string;
  requests: { method: string; url: string }[];
  model: "users" | "rate";
  users: number;
  rate: number;
  rampUp: string;
  duration: string;
  regions: { name: string; tasks: number }[];
  criteria: string[];
}

export const emptyForm: ScenarioForm = {
  name: "",
  requests: [{ method: "GET", url: "" }],
  model: "users",
  users: 10,
  rate: 50,
  rampUp: "10s",
  duration: "1m",
  regions: [{ name: "local", tasks: 1 }],
  criteria: ["p95 < 500ms", "failures < 1%"],
};

/** Adds the scheme that people leave out when they paste an address. */
export function fullURL(url: string): string {
  const trimmed = url.trim();
  if (trimmed === "" || /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) || trimmed.startsWith("${")) return trimmed;
  const local = /^(localhost|127\.|\[::1\]|\d+\.\d+\.\d+\.\d+)/.test(trimmed);
  return `${local ? "http" : "https"}://${trimmed}`;
}

/** A free name made from a URL: host and first piece of the path. */
export function nameFor(url: string, taken: readonly string[]): string {
  let base = "scenario";
  try {
    const u = new URL(fullURL(url));
    const piece = u.pathname.split("/").find((p) => p !== "") ?? "";
    base = [u.host, piece].filter(Boolean).join("-");
  } catch {
    // Not a URL yet: the plain word will do.
  }
  base =
    base
      .replace(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[-._]+|[-._]+$/g, "")
      .slice(0, 90) || "scenario";
  if (!taken.includes(base)) return base;
  for (let n = 2; ; n++) if (!taken.includes(`${base}-${n}`)) return `${base}-${n}`;
}

const reserved = /^(?:true|false|yes|no|on|off|null|~|[-+.\d].*)$/i;

/** A YAML scalar: plain when that is safe, else in double quotes. */
export function scalar(value: string): string {
  const plain = /^[A-Za-z0-9_./$%][A-Za-z0-9_./:$%<>=() {}?&+,@~-]*$/.test(value);
  if (plain && !reserved.test(value) && !/: |:$|\s$| #/.test(value)) return value;
  return JSON.stringify(value);
}

/** The scenario as YAML, as a person would write it. */
export function toYAML(form: ScenarioForm): string {
  const out = [`name: ${scalar(form.name)}`, "requests:"];
  for (const r of form.requests) {
    out.push(`  - url: ${scalar(fullURL(r.url))}`);
    if (r.method !== "GET") out.push(`    method: ${r.method}`);
  }
  out.push("load:");
  out.push(form.model === "users" ? `  users: ${form.users}` : `  rate: ${form.rate}/s`);
  // Durations are units' words: never in need of quotes, and never numbers.
  if (form.rampUp.trim() !== "" && !/^0\w*$/.test(form.rampUp.trim())) out.push(`  ramp_up: ${length(form.rampUp)}`);
  out.push(`  duration: ${length(form.duration)}`);
  out.push("regions:");
  for (const r of form.regions) out.push(`  - name: ${scalar(r.name)}`, `    tasks: ${r.tasks}`);
  const criteria = form.criteria.filter((c) => c.trim() !== "");
  if (criteria.length > 0) out.push("criteria:", ...criteria.map((c) => `  - ${scalar(c.trim())}`));
  return `${out.join("\n")}\n`;
}

const length = (text: string) => (/^\d[\w.]*$/.test(text.trim()) ? text.trim() : scalar(text.trim()));

const unitSeconds: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };

/** Seconds of a duration as the API writes it (1m30s, 1.5h, 2d); undefined when it is none. */
export function seconds(text: string | undefined): number | undefined {
  if (!text) return undefined;
  let sum = 0;
  const rest = text.trim().replace(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g, (_, n: string, unit: string) => {
    sum += Number(n) * (unitSeconds[unit] ?? 0);
    return "";
  });
  return rest === "" ? sum : rest === "0" ? 0 : undefined;
}

/** The name that a scenario's text gives it; empty when none is found. */
export function nameIn(source: string): string {
  const json = /^\s*\{/.test(source);
  const found = json
    ? /"name"\s*:\s*"([^"]*)"/.exec(source)
    : /^name\s*:\s*(?:"([^"]*)"|'([^']*)'|([^\s#]+))/m.exec(source);
  return found?.[1] ?? found?.[2] ?? found?.[3] ?? "";
}
