/** What keys do, by the sequence that is typed: "n", "g s", "?". */
export type KeyMap = Readonly<Record<string, () => void>>;

const patience = 900; // ms between the keys of a sequence

/**
 * Makes a listener that runs the entry of a sequence. Keys meant for a text
 * field, or with a modifier that the browser uses, are left alone.
 */
export function keyListener(map: () => KeyMap, now: () => number = Date.now) {
  let before = "";
  let at = 0;
  return (event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "target" | "preventDefault">): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const keys = map();
    const sequence = before !== "" && now() - at < patience ? `${before} ${event.key}` : event.key;
    const run = keys[sequence] ?? keys[event.key];
    before = run ? "" : event.key;
    at = now();
    if (run) {
      event.preventDefault();
      run();
    }
  };
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as { tagName?: string; isContentEditable?: boolean; closest?: (s: string) => unknown } | null;
  if (!element?.tagName) return false;
  if (element.closest?.("[role=dialog]")) return true;
  return /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.isContentEditable === true;
}
