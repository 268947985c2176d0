import { scalar } from "./scenario";

/** What the server says of uploaded files. */
export interface Uploaded {
  sha256: string;
  name: string;
  engine: string;
  entry: string;
  entries: string[];
}

/** The scenario of a script: it runs as it was written, so it says little. */
export function scriptYAML(name: string, script: Uploaded, entry: string, region: string): string {
  const out = [`name: ${scalar(name)}`, `engine: ${script.engine}`, `script: ${scalar(script.name)}`];
  // Said only where it was chosen: the file's own rules find the first.
  if (script.entries.length > 1 || entry !== script.entry) out.push(`entry: ${scalar(entry)}`);
  out.push("regions:", `  - name: ${scalar(region)}`, "    tasks: 1");
  return `${out.join("\n")}\n`;
}

/** A free name made from a file's. */
export function nameForScript(file: string, taken: readonly string[]): string {
  const base =
    file
      .replace(/\.[^.]*$/, "")
      .replace(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[-._]+|[-._]+$/g, "")
      .slice(0, 90) || "script";
  if (!taken.includes(base)) return base;
  for (let n = 2; ; n++) if (!taken.includes(`${base}-${n}`)) return `${base}-${n}`;
}
