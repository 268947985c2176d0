import { useComputedColorScheme } from "@mantine/core";
import { type ReactNode, useCallback, useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { clock, NONE } from "../lib/format";
import { limitText } from "../lib/limits";
import type { SeriesStore } from "../lib/series";
import { type ChartState, chartOptions, lineColour } from "./options";
import type { ChartSpec, Marker, Range } from "./spec";
import classes from "./TimeChart.module.css";

export interface TimeChartProps {
  spec: ChartSpec;
  store: SeriesStore;
  /** store.version, so that React sees when its content changed. */
  version: number;
  range: Range;
  markers: readonly Marker[];
  onZoom: (range: Range | undefined) => void;
  /** Charts of one key share their cursor. */
  sync: string;
  log?: boolean;
  empty?: string | undefined;
  action?: ReactNode;
}

const height = 196;

/**
 * TimeChart draws columns of a SeriesStore over time. The chart itself lives
 * outside React: new seconds, the cursor and the zoom reach it without a render,
 * which keeps an hour of seconds at the display's own pace.
 */
export function TimeChart(props: TimeChartProps) {
  const { spec, store, version, range, markers, sync, log = false } = props;
  const scheme = useComputedColorScheme("light");
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const values = useRef<(HTMLElement | null)[]>([]);
  const at = useRef<HTMLSpanElement>(null);
  const latest = useRef(props);
  latest.current = props;

  const data = useMemo(
    () => [store.seconds, ...spec.lines.map((l) => store.columns[l.column])] as uPlot.AlignedData,
    [spec, store],
  );

  const legend = useCallback(
    (index: number | null) => {
      const i = index ?? lastShown(store.seconds, latest.current.range[1]);
      const second = store.seconds[i];
      spec.lines.forEach((line, n) => {
        const element = values.current[n];
        const value = store.columns[line.column][i];
        const format = line.side === "right" && spec.right ? spec.right : spec.left;
        if (element) element.textContent = value === null || value === undefined ? NONE : format(value);
      });
      if (at.current) at.current.textContent = legendTime(index, second, latest.current);
    },
    [spec, store],
  );

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const state = (): ChartState => ({ ...latest.current, onCursor: legend });
    const look = { scheme, height, width: element.clientWidth, log };
    const u = new uPlot(chartOptions(spec, look, sync, state), data, element);
    plot.current = u;
    const observer = new ResizeObserver(() => u.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      u.destroy();
      plot.current = null;
    };
  }, [spec, data, scheme, sync, log, legend]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: version, range and markers are read through `latest` and the store
  useEffect(() => {
    const u = plot.current;
    if (!u) return;
    u.setData(data);
    if (u.cursor.idx === null || u.cursor.idx === undefined) legend(null);
  }, [data, version, range[0], range[1], markers, legend]);

  return (
    <figure className={`panel ${classes.chart}`} aria-label={spec.title}>
      <figcaption className={classes.head}>
        <h2>{spec.title}</h2>
        {props.action}
        <span ref={at} className={classes.at} />
      </figcaption>
      <div className={classes.legend}>
        {spec.lines.map((line, n) => (
          <span key={line.column} className={classes.item}>
            <i
              className={line.dash ? classes.dash : classes.swatch}
              style={{ color: lineColour(scheme, line.colour) }}
            />
            {line.name}
            <b
              className="num"
              ref={(element) => {
                values.current[n] = element;
              }}
            >
              {NONE}
            </b>
          </span>
        ))}
      </div>
      <div ref={host} className={classes.host} style={{ height }}>
        {props.empty && store.length === 0 && <p className={classes.empty}>{props.empty}</p>}
      </div>
    </figure>
  );
}

// At rest the legend tells the end of what is shown.
function lastShown(seconds: readonly number[], to: number): number {
  let i = seconds.length - 1;
  while (i > 0 && (seconds[i] ?? 0) > to) i--;
  return i;
}

// Under the cursor stands its time and what happened near it.
function legendTime(index: number | null, second: number | undefined, props: TimeChartProps): string {
  if (index === null || second === undefined) return "";
  const near = Math.max(1, (props.range[1] - props.range[0]) / 120);
  const marker = props.markers.find((m) => Math.abs(m.second - second) <= near);
  const by = props.store.limitedBy[index];
  const limited = by ? `generator was the limit: ${limitText(by)}` : "";
  return [clock(second), limited, marker?.text].filter(Boolean).join(" · ");
}
