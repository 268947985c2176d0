import { expect, test } from "vitest";
import { blockSize, cut, LogLines, mostLines } from "./loglines";

const all = (log: LogLines) => log.blocks.flatMap((b) => b.lines);

test("lines come in order, in blocks that stay as they are once they are full", () => {
  const log = new LogLines();
  log.append("a\nb\n");
  log.append("c\n");
  expect(all(log)).toEqual(["a", "b", "c"]);
  log.append(`${Array.from({ length: blockSize }, (_, i) => `line ${i}`).join("\n")}\n`);
  const full = log.blocks[0];
  expect(full?.lines.length).toBe(blockSize);
  log.append("more\n");
  expect(log.blocks[0]).toBe(full);
  expect(log.total).toBe(blockSize + 4);
  expect(log.blocks.map((b) => b.first)).toEqual([0, blockSize]);
});

test("an empty line is a line", () => {
  const log = new LogLines();
  log.append("a\n\n");
  expect(all(log)).toEqual(["a", ""]);
});

test("only the newest lines are kept", () => {
  const log = new LogLines();
  for (let i = 0; i < 3 * mostLines; i++) log.append(`${i}\n`);
  expect(all(log).length).toBeLessThanOrEqual(mostLines);
  expect(all(log).at(-1)).toBe(String(3 * mostLines - 1));
  expect(all(log)[0]).toBe(String(log.dropped));
  expect(log.total).toBe(3 * mostLines);
});

test("lines are found whatever their letters' case", () => {
  const log = new LogLines();
  log.append("Error: one\nfine\nan ERROR again\n");
  expect(log.matching("error").flatMap((b) => b.lines)).toEqual(["Error: one", "an ERROR again"]);
});

test("a line is cut where the text stands", () => {
  expect(cut("an Error, an error", "error")).toEqual(["an ", "Error", ", an ", "error", ""]);
  expect(cut("none", "error")).toEqual(["none"]);
  expect(cut("all", "")).toEqual(["all"]);
});
