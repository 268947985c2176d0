import type { Colour } from "../lib/palette";
import type { ColumnName } from "../lib/series";

/** One line of a chart. */
export interface Line {
  column: ColumnName;
  name: string;
  colour: Colour;
  /** Which axis it is read on. */
  side?: "left" | "right";
  dash?: boolean;
  fill?: boolean;
  width?: number;
  /** A curve without its own name in the legend's short form on phones. */
  steps?: boolean;
}

/** What a chart of the run page shows; constant, so that it can be compared by identity. */
export interface ChartSpec {
  title: string;
  lines: readonly Line[];
  left: (n: number) => string;
  right?: (n: number) => string;
  /** Offers a logarithmic axis. */
  log?: boolean;
}

/** An instant worth a line across every chart. */
export interface Marker {
  second: number;
  text: string;
  tone: "plain" | "bad";
}

/** The visible part of the time axis, in seconds. */
export type Range = readonly [from: number, to: number];
