/** Lines of a block: what is drawn anew together. */
export const blockSize = 200;
/** Lines that a page keeps; the older ones stay with the server. */
export const mostLines = 5000;

export interface LogBlock {
  /** Number of its first line in the log, from 0. */
  first: number;
  lines: readonly string[];
}

/**
 * LogLines keeps the newest lines of a log that grows. They stand in blocks: a
 * full block never changes again, so that only the last one is drawn anew.
 */
export class LogLines {
  blocks: readonly LogBlock[] = [];
  /** Lines so far, those that are not kept any more included. */
  total = 0;

  get dropped(): number {
    return this.blocks[0]?.first ?? 0;
  }

  append(text: string): void {
    const lines = text.replace(/\n$/, "").split("\n");
    const blocks = [...this.blocks];
    for (let at = 0; at < lines.length; ) {
      const last = blocks.at(-1);
      if (last === undefined || last.lines.length >= blockSize) {
        blocks.push({ first: this.total, lines: [] });
        continue;
      }
      const fit = lines.slice(at, at + blockSize - last.lines.length);
      blocks[blocks.length - 1] = { first: last.first, lines: [...last.lines, ...fit] };
      at += fit.length;
      this.total += fit.length;
    }
    const most = Math.ceil(mostLines / blockSize);
    this.blocks = blocks.length > most ? blocks.slice(blocks.length - most) : blocks;
  }

  /** The kept lines that hold a text, in blocks of their own. */
  matching(text: string): LogBlock[] {
    const wanted = text.toLowerCase();
    const found: LogBlock[] = [];
    for (const block of this.blocks) {
      const lines = block.lines.filter((line) => line.toLowerCase().includes(wanted));
      if (lines.length > 0) found.push({ first: block.first, lines });
    }
    return found;
  }
}

/** A line cut where a text stands in it: the parts in turn are without and with it. */
export function cut(line: string, text: string): string[] {
  if (text === "") return [line];
  const parts: string[] = [];
  const low = line.toLowerCase();
  const wanted = text.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    parts.push(line.slice(from, at), line.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  parts.push(line.slice(from));
  return parts;
}
