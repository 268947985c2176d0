/** Whether the last pause of a run has no resume after it. */
export function isPaused(changes: readonly { kind: string }[] | null | undefined): boolean {
  const last = (changes ?? []).findLast((c) => c.kind === "pause" || c.kind === "resume");
  return last?.kind === "pause";
}
