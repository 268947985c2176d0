import { Button, CloseButton, SegmentedControl, Tooltip } from "@mantine/core";
import { useMemo, useState } from "react";
import { errorText } from "../../api/errors";
import type { SeriesFeed } from "../../api/seriesfeed";
import type { Run, RunEvent } from "../../api/types";
import { bandwidthChart, failuresChart, latencyChart, rateChart } from "../../charts/run";
import type { Range } from "../../charts/spec";
import { TimeChart } from "../../charts/TimeChart";
import { clock } from "../../lib/format";
import { limitedShare, limitWords } from "../../lib/limits";
import { markers } from "../../lib/markers";
import type { RunView } from "../../lib/runview";
import type { RunSearch } from "../../lib/search";
import { axisEnd } from "../../lib/series";
import { Icon } from "../Icon";
import { useKeys } from "../useKeys";
import classes from "./Charts.module.css";

interface Props {
  run: Run;
  view: RunView;
  feed: SeriesFeed;
  events: readonly RunEvent[];
  search: RunSearch;
  show: (search: RunSearch) => void;
}

/** The charts of a run over one time axis: one cursor, one zoom, one filter. */
export function Charts({ run, view, feed, events, search, show }: Props) {
  const [log, setLog] = useState(false);
  const { store } = feed;
  const started = run.started;
  const marks = useMemo(() => markers(started, events), [started, events]);
  const { from, to, ...filter } = search;
  const zoomed = from !== undefined && to !== undefined;
  const last = Math.max(store.next - 1, 1);
  const range: Range = zoomed ? [from, to] : [0, view.live ? axisEnd(last, view.plannedSeconds) : last];
  const onZoom = (r: Range | undefined) => show(r ? { ...filter, from: r[0], to: r[1] } : filter);
  useKeys({ l: () => setLog((on) => !on), "0": () => onZoom(undefined) });
  const empty = feed.error
    ? `The series cannot be shown: ${errorText(feed.error)}`
    : !feed.loaded
      ? "Loading…"
      : view.live
        ? "Figures appear here with the first second."
        : "Nothing was measured.";
  const common = { store, version: store.version, range, markers: marks, onZoom, sync: run.id, empty };
  const logSwitch = (
    <SegmentedControl
      size="xs"
      aria-label="Latency axis"
      data={[
        { value: "lin", label: "lin" },
        { value: "log", label: "log" },
      ]}
      value={log ? "log" : "lin"}
      onChange={(v) => setLog(v === "log")}
    />
  );
  return (
    <section aria-label="Charts">
      <div className={classes.filter}>
        <h2>Over time</h2>
        {(["region", "label", "task"] as const).map(
          (key) =>
            search[key] && (
              <span key={key} className={classes.chip}>
                <span className="dim">{key === "label" ? "request" : key}</span> {search[key]}
                <CloseButton size="xs" aria-label={`Show all ${key}s`} onClick={() => show(without(search, key))} />
              </span>
            ),
        )}
        {zoomed && (
          <span className={classes.chip}>
            <span className="dim">from</span> {clock(from)} <span className="dim">to</span> {clock(to)}
            <CloseButton size="xs" aria-label="Show the whole run" onClick={() => onZoom(undefined)} />
          </span>
        )}
        {view.generator && view.generator.limited > 0 && (
          <Tooltip label={limitWords(view.generator.limited_by)} multiline maw={420}>
            <span className={`${classes.chip} ${classes.limited}`} data-testid="limited">
              <Icon name="alert" size={14} />
              generator was the limit in {limitedShare(view.generator)}
            </span>
          </Tooltip>
        )}
        <span className={classes.hint}>
          Drag to zoom, double-click to reset. Rows of the tables below narrow the charts.
        </span>
        {(search.region || search.label || search.task) && (
          <Button size="compact-xs" variant="subtle" onClick={() => show(zoomed ? { from, to } : {})}>
            Show all
          </Button>
        )}
      </div>
      <div className={classes.grid}>
        <TimeChart {...common} spec={rateChart(view.plan?.model === "open")} />
        <TimeChart {...common} spec={latencyChart} log={log} action={logSwitch} />
        <TimeChart {...common} spec={failuresChart} />
        <TimeChart {...common} spec={bandwidthChart} />
      </div>
    </section>
  );
}

function without(search: RunSearch, key: "region" | "label" | "task"): RunSearch {
  const { [key]: _, ...rest } = search;
  return rest;
}
