import uPlot from "uplot";
import { clock, short } from "../lib/format";
import { type Colour, palette } from "../lib/palette";
import type { SeriesStore } from "../lib/series";
import type { ChartSpec, Marker, Range } from "./spec";

export interface ChartState {
  range: Range;
  markers: readonly Marker[];
  store: SeriesStore;
  onZoom: (range: Range | undefined) => void;
  /** The cursor moved: index of the point under it, or null when it left. */
  onCursor: (index: number | null) => void;
}

export interface Look {
  scheme: "light" | "dark";
  width: number;
  height: number;
  log: boolean;
}

const axisFont = "11px ui-sans-serif, system-ui, sans-serif";

function colours(scheme: "light" | "dark") {
  const dark = scheme === "dark";
  return {
    line: palette(scheme),
    text: dark ? "#8f9aa9" : "#5b6573",
    grid: dark ? "#1d242e" : "#eceff3",
    bad: dark ? "#ff8a4c" : "#b84600",
    warn: dark ? "#f0b43c" : "#c98a00",
  };
}

const translucent = (colour: string, alpha: string) => `${colour}${alpha}`;

/** The options of a time chart. `state` is read at draw time, so that a zoom or a new marker needs no new chart. */
export function chartOptions(spec: ChartSpec, look: Look, sync: string, state: () => ChartState): uPlot.Options {
  const c = colours(look.scheme);
  const axis = (side: "left" | "right"): uPlot.Axis => ({
    scale: side,
    side: side === "left" ? 3 : 1,
    size: side === "left" ? 58 : 44,
    stroke: c.text,
    font: axisFont,
    gap: 6,
    space: 34,
    ticks: { show: false },
    grid: { show: side === "left", stroke: c.grid, width: 1 },
    values: (_u, splits) => axisLabels(splits, (side === "left" ? spec.left : spec.right) ?? String),
  });
  const log = look.log && spec.log === true;
  return {
    width: look.width,
    height: look.height,
    padding: [8, spec.right ? 0 : 12, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: sync },
      y: false,
      points: { size: 6, width: 1.5 },
      drag: { x: true, y: false, setScale: false },
      focus: { prox: -1 },
    },
    scales: {
      x: { time: false, range: () => [...state().range] },
      left: log ? { distr: 3, range: logRange } : { range: zeroRange },
      right: { range: zeroRange },
    },
    axes: [
      {
        stroke: c.text,
        font: axisFont,
        size: 28,
        gap: 8,
        ticks: { show: false },
        grid: { show: false },
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800],
        values: (_u, splits) => splits.map(clock),
      },
      axis("left"),
      ...(spec.right ? [axis("right")] : []),
    ],
    series: [{}, ...spec.lines.map((l) => lineOf(l, c.line[l.colour]))],
    hooks: {
      drawAxes: [(u) => drawLimited(u, state().store, c.warn)],
      draw: [(u) => drawMarkers(u, state().markers, c.text, c.bad)],
      setCursor: [(u) => state().onCursor(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          if (u.select.width < 6) return;
          const from = Math.max(0, Math.floor(u.posToVal(u.select.left, "x")));
          const to = Math.ceil(u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (to - from >= 2) state().onZoom([from, to]);
        },
      ],
      ready: [(u) => u.over.addEventListener("dblclick", () => state().onZoom(undefined))],
    },
  };
}

// Labels of an axis, without the zeros that only figures need, and none twice.
function axisLabels(splits: (number | null)[], format: (n: number) => string): string[] {
  let before = "";
  return splits.map((v) => {
    const label = v === null ? "" : short(format(v));
    if (label === before) return "";
    before = label;
    return label;
  });
}

function lineOf(line: ChartSpec["lines"][number], stroke: string): uPlot.Series {
  return {
    scale: line.side ?? "left",
    stroke,
    width: line.width ?? 1.5,
    points: { show: false },
    spanGaps: false,
    ...(line.dash ? { dash: [5, 4] } : {}),
    ...(line.fill ? { fill: translucent(stroke, "1f") } : {}),
    ...(line.steps && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
  };
}

// From zero, with a little air above; a flat zero line still has an axis.
function zeroRange(_u: uPlot, _min: number | null, max: number | null): uPlot.Range.MinMax {
  return [0, max === null || max <= 0 ? 1 : max * 1.08];
}

function logRange(_u: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null || max <= 0) return [1, 10];
  const low = 10 ** Math.floor(Math.log10(Math.max(min, 1e-3)));
  const high = 10 ** Math.ceil(Math.log10(max * 1.01));
  return [low, high > low ? high : low * 10];
}

// The seconds in which the generator was the limit: a veil behind the lines and
// a bar on the time axis, which a single second of an hour still shows.
function drawLimited(u: uPlot, store: SeriesStore, colour: string): void {
  const { ctx, bbox } = u;
  const [from, to] = [u.scales.x?.min ?? 0, u.scales.x?.max ?? 0];
  const bar = 3 * uPlot.pxRatio;
  ctx.save();
  ctx.fillStyle = colour;
  store.seconds.forEach((second, at) => {
    const end = second + store.widthAt(at);
    if (!store.columns.limited[at] || end <= from || second >= to) return;
    const left = u.valToPos(Math.max(second, from), "x", true);
    const width = Math.max(u.valToPos(Math.min(end, to), "x", true) - left, 2 * uPlot.pxRatio);
    ctx.globalAlpha = 0.13;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, bbox.top + bbox.height, width, bar);
  });
  ctx.restore();
}

function drawMarkers(u: uPlot, markers: readonly Marker[], plain: string, bad: string): void {
  const { ctx, bbox } = u;
  const [from, to] = [u.scales.x?.min ?? 0, u.scales.x?.max ?? 0];
  ctx.save();
  for (const m of markers) {
    if (m.second < from || m.second > to) continue;
    const x = Math.round(u.valToPos(m.second, "x", true)) + 0.5;
    const size = 4 * uPlot.pxRatio;
    ctx.strokeStyle = ctx.fillStyle = m.tone === "bad" ? bad : plain;
    ctx.globalAlpha = 0.75;
    ctx.lineWidth = uPlot.pxRatio;
    ctx.setLineDash([2 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top);
    ctx.lineTo(x + size, bbox.top);
    ctx.lineTo(x, bbox.top + size * 1.4);
    ctx.fill();
  }
  ctx.restore();
}

export const lineColour = (scheme: "light" | "dark", colour: Colour) => colours(scheme).line[colour];
