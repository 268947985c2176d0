import type { Problem } from "../api/types";

/** A problem in one line, as the command line prints it. */
export function problemText(p: Problem): string {
  return p.path ? `${p.path}: ${p.message}` : p.message;
}

/** Lines that have problems, with the problems of each. */
export function byLine(problems: readonly Problem[]): Map<number, Problem[]> {
  const lines = new Map<number, Problem[]>();
  for (const p of problems) if (p.line) lines.set(p.line, [...(lines.get(p.line) ?? []), p]);
  return lines;
}

/** The first problem of a field or of anything in it: "regions" also finds "regions[1].tasks". */
export function problemAt(problems: readonly Problem[], ...paths: string[]): string | undefined {
  const found = problems.find((p) =>
    paths.some((path) => p.path === path || p.path.startsWith(`${path}.`) || p.path.startsWith(`${path}[`)),
  );
  return found?.message;
}
