import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { LiveRun } from "../../api/live";
import { eventsQuery, liveURL, loadSeries, reportQuery, runQuery, tasksQuery } from "../../api/runs";
import { SeriesFeed, type SeriesFilter } from "../../api/seriesfeed";
import type { Report, Run, RunEvent, RunItem, Snapshot } from "../../api/types";
import { isLater, type RunView, runView } from "../../lib/runview";

export interface RunPage {
  run: Run | undefined;
  error: unknown;
  view: RunView | undefined;
  report: Report | undefined;
  reportError: unknown;
  snapshot: Snapshot | undefined;
  events: readonly RunEvent[];
  /** The stream is away while the run goes on: figures stand still. */
  lost: boolean;
  waiting: boolean;
  retry: () => void;
}

/** Everything about one run, current: from its stream while it goes on, from its report afterwards. */
export function useRun(id: string): RunPage {
  const queries = useQueryClient();
  const run = useQuery(runQuery(id));
  const events = useQuery(eventsQuery(id));
  const tasks = useQuery(tasksQuery(id));
  const live = useLive(id, run.data !== undefined && run.data.status !== "ended");
  const current = useMemo(() => newer(run.data, live.head), [run.data, live.head]);
  const ended = current?.status === "ended";
  const report = useQuery(reportQuery(id, ended));
  const liveStatus = live.head?.status;
  const newest = live.events.at(-1)?.seq;

  // The stream says that something changed; what exactly is asked for once.
  useEffect(() => {
    if (liveStatus === undefined && newest === undefined) return;
    void queries.invalidateQueries({ queryKey: ["run", id], exact: true });
    void queries.invalidateQueries({ queryKey: ["run", id, "tasks"] });
    if (liveStatus === "ended") {
      void queries.invalidateQueries({ queryKey: ["run", id, "events"] });
      void queries.invalidateQueries({ queryKey: ["runs"] });
    }
  }, [queries, id, liveStatus, newest]);

  useEffect(() => live.merge(events.data ?? []), [live, events.data]);

  const view = useMemo(
    () => current && runView(current, live.snapshot, report.data, tasks.data ?? []),
    [current, live.snapshot, report.data, tasks.data],
  );
  return {
    run: current,
    error: run.error,
    view,
    report: report.data,
    reportError: report.error,
    snapshot: live.snapshot,
    events: live.events,
    lost: live.connection === "lost" && !ended,
    // A report that is on its way, with no live figures to stand in for it.
    waiting: ended && report.isPending && live.snapshot === undefined,
    retry: () => void run.refetch(),
  };
}

// The stream's head carries what changes; what was fetched carries the plan too.
function newer(fetched: Run | undefined, head: RunItem | undefined): Run | undefined {
  if (!fetched || !head || isLater(fetched.status, head.status)) return fetched;
  return { ...fetched, ...head };
}

function useLive(id: string, open: boolean): LiveRun {
  const live = useMemo(() => new LiveRun(liveURL(id)), [id]);
  useSyncExternalStore(live.subscribe, () => live.version);
  useEffect(() => {
    if (!open) return;
    live.open();
    return () => live.close();
  }, [live, open]);
  return live;
}

/** The series under a filter: loaded once, then fed by snapshots, loaded again when the report is there. */
export function useSeries(
  id: string,
  filter: SeriesFilter,
  snapshot: Snapshot | undefined,
  report: Report | undefined,
) {
  const [, render] = useState(0);
  const { region, label, task } = filter;
  const feed = useMemo(
    () =>
      new SeriesFeed(
        (f, from) => loadSeries(id, f, from),
        { region, label, task },
        () => render((n) => n + 1),
      ),
    [id, region, label, task],
  );
  const seconds = report?.run.seconds;
  useEffect(() => void feed.whole(seconds), [feed, seconds]);
  useEffect(() => {
    if (snapshot) feed.offer(snapshot);
  }, [feed, snapshot]);
  return feed;
}
