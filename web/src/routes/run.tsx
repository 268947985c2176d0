import { Skeleton } from "@mantine/core";
import { createRoute, Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Run } from "../api/types";
import { Artifacts } from "../components/run/Artifacts";
import { Chain } from "../components/run/Chain";
import { Charts } from "../components/run/Charts";
import { Controls } from "../components/run/Controls";
import { EventLog } from "../components/run/EventLog";
import { Failures } from "../components/run/Failures";
import { Figures } from "../components/run/Figures";
import { FigureTable } from "../components/run/FigureTables";
import { Head } from "../components/run/Head";
import { AccountingCard, Criteria } from "../components/run/Judgement";
import { Notes } from "../components/run/Notes";
import { Phases } from "../components/run/Phases";
import { Provisioning } from "../components/run/Provisioning";
import { ScriptMetrics } from "../components/run/ScriptMetrics";
import { TaskTable } from "../components/run/TaskTable";
import { type RunPage, useRun, useSeries } from "../components/run/useRun";
import { Empty, Failure } from "../components/States";
import { useTitle } from "../components/useTitle";
import { chain } from "../lib/chain";
import type { RunView } from "../lib/runview";
import { type RunSearch, runSearch } from "../lib/search";
import { appRoute } from "./root";
import classes from "./run.module.css";

export const runRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/runs/$id",
  component: RunRoute,
  validateSearch: runSearch,
});

function RunRoute() {
  const { id } = runRoute.useParams();
  // A new run is a new page: nothing of the one before may stay.
  return <RunLoader key={id} id={id} />;
}

function RunLoader({ id }: { id: string }) {
  const page = useRun(id);
  useTitle(page.run?.scenario ?? "Run");
  if (page.error && !page.run) {
    return (
      <div className="panel">
        <Failure error={page.error} what="This run" retry={page.retry} />
      </div>
    );
  }
  if (!page.run || !page.view || page.waiting) return <PageSkeleton />;
  return <RunContent page={page} run={page.run} view={page.view} />;
}

/** One page for the run, live while it goes on and its report afterwards. */
function RunContent({ page, run, view }: { page: RunPage; run: Run; view: RunView }) {
  const steps = useMemo(() => chain(run, page.events, view.status), [run, page.events, view.status]);
  const progress = view.plannedSeconds ? Math.min(1, view.doneSeconds / view.plannedSeconds) : undefined;
  return (
    <>
      <Head run={run} view={view} lost={page.lost}>
        <Controls run={run} view={view} />
      </Head>
      <Notes run={run} view={view} reportError={page.reportError} />
      <Chain steps={steps} progress={progress} />
      <Provisioning view={view} />
      <Figures view={view} />
      {measured(view) ? (
        <Measured page={page} run={run} view={view} />
      ) : (
        <div className={`panel ${classes.nothing}`}>
          <Empty icon="minus" title="Nothing was measured">
            No request was sent. The cause stands above, what happened in the events below.
          </Empty>
        </div>
      )}
      {run.spec.script && (
        <div className={classes.gap}>
          <Artifacts run={run.id} live={view.live} />
        </div>
      )}
      <EventLog events={page.events} started={run.started} />
      <p className={classes.foot}>
        <Link to="/scenarios/$name" params={{ name: run.scenario }} className="link">
          Scenario {run.scenario}
        </Link>
        <span className="dim mono">{run.id}</span>
      </p>
    </>
  );
}

// A run that goes on may still measure; one that ended without a request did not.
const measured = (view: RunView) => view.live || view.total === undefined || view.total.requests > 0;

/** Everything that is drawn from figures. */
function Measured({ page, run, view }: { page: RunPage; run: Run; view: RunView }) {
  const search = runRoute.useSearch();
  const navigate = useNavigate({ from: "/runs/$id" });
  const show = (next: RunSearch) => void navigate({ search: next, replace: true, resetScroll: false });
  const feed = useSeries(run.id, search, page.snapshot, page.report);
  const tables = { search, show };
  return (
    <>
      <Charts run={run} view={view} feed={feed} events={page.events} search={search} show={show} />
      <div className={classes.gap}>
        <Phases view={view} search={search} expected={run.spec.engine === "http"} />
      </div>
      <div className={classes.two}>
        <Criteria criteria={view.criteria} live={view.live} />
        <AccountingCard view={view} />
        <ScriptMetrics metrics={view.metrics} />
      </div>
      <div className={classes.stack}>
        <FigureTable kind="label" rows={view.labels} {...tables} />
        <FigureTable kind="region" rows={view.regions} {...tables} />
        <TaskTable run={run.id} rows={view.tasks} live={view.live} open={view.plan?.model === "open"} {...tables} />
      </div>
      <div className={classes.two}>
        <Failures total={view.total} />
      </div>
    </>
  );
}

// The same heights as the page, so that nothing moves when it comes.
function PageSkeleton() {
  return (
    <div role="status" aria-busy="true" aria-label="Loading">
      <Skeleton height={64} mb={16} />
      <Skeleton height={76} mb={12} />
      <Skeleton height={90} mb={52} />
      <div className={classes.two}>
        <Skeleton height={264} />
        <Skeleton height={264} />
        <Skeleton height={264} />
        <Skeleton height={264} />
      </div>
    </div>
  );
}
