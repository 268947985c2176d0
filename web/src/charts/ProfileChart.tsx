import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { clock, compact } from "../lib/format";
import { palette } from "../lib/palette";
import classes from "./TimeChart.module.css";

export interface ProfilePoint {
  second: number;
  level: number;
}

const height = 120;

/** ProfileChart draws the planned load over time, with its corners. */
export function ProfileChart({ points, unit }: { points: readonly ProfilePoint[]; unit: string }) {
  const scheme = useComputedColorScheme("light");
  const host = useRef<HTMLDivElement>(null);
  // The plan is worked out anew with each key press; the drawing changes only when its corners do.
  const corners = JSON.stringify(points);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const drawn = JSON.parse(corners) as ProfilePoint[];
    const stroke = palette(scheme).blue;
    const text = scheme === "dark" ? "#8f9aa9" : "#5b6573";
    const axis = { stroke: text, font: "11px system-ui, sans-serif", ticks: { show: false } };
    const u = new uPlot(
      {
        width: element.clientWidth,
        height,
        padding: [8, 12, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, (max || 1) * 1.15] } },
        axes: [
          { ...axis, size: 22, grid: { show: false }, values: (_u, splits) => splits.map(clock) },
          {
            ...axis,
            size: 48,
            space: 30,
            grid: { stroke: scheme === "dark" ? "#1d242e" : "#eceff3", width: 1 },
            values: (_u, splits) => splits.map(compact),
          },
        ],
        series: [{}, { stroke, width: 2, fill: `${stroke}1f`, points: { show: true, size: 5, fill: stroke } }],
      },
      [drawn.map((p) => p.second), drawn.map((p) => p.level)],
      element,
    );
    const observer = new ResizeObserver(() => u.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      u.destroy();
    };
  }, [corners, scheme]);

  return (
    <div ref={host} className={classes.host} style={{ height }} role="img" aria-label={`Planned ${unit} over time`} />
  );
}
