import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Run } from "../../api/types";
import { clock, dateTime, duration } from "../../lib/format";
import { isPaused } from "../../lib/paused";
import type { RunView } from "../../lib/runview";
import page from "../Page.module.css";
import { OutcomePill, StatusPill, VerdictPill } from "../Pills";
import classes from "./Head.module.css";

interface Props {
  run: Run;
  view: RunView;
  lost: boolean;
  children: ReactNode;
}

/** Which run this is, and the two facts about it: did it run, did it meet its criteria. */
export function Head({ run, view, lost, children }: Props) {
  return (
    <header className={classes.head}>
      <div className={classes.title}>
        <div className={page.crumbs}>
          <Link to="/runs">Runs</Link> <span>/</span>
          <span>{dateTime(run.created)}</span>
          {run.by && <span className={classes.extra}>by {run.by}</span>}
          {run.note && <span className={classes.extra}>· {run.note}</span>}
        </div>
        <h1>{run.scenario}</h1>
      </div>
      <dl className={classes.facts}>
        {view.live ? (
          <div>
            <dt>Status</dt>
            <dd>
              <StatusPill status={view.status} />
              {isPaused(run.changes) && <span className="dim">paused</span>}
            </dd>
          </div>
        ) : (
          <div>
            <dt>Outcome</dt>
            <dd>{run.outcome ? <OutcomePill outcome={run.outcome} /> : <span className="dim">…</span>}</dd>
          </div>
        )}
        <div>
          <dt>{view.live ? "Verdict so far" : "Verdict"}</dt>
          <dd>
            <VerdictPill verdict={view.live ? soFar(view) : (run.verdict ?? "not_judged")} />
          </dd>
        </div>
        <div className={classes.clock}>
          <dt>{view.live ? "Elapsed" : "Under load"}</dt>
          <dd className="num">
            {view.live ? clock(view.doneSeconds) : duration(Math.round(view.doneSeconds * 10) / 10)}
            {view.live && view.plannedSeconds !== undefined && (
              <span className="dim"> of {clock(view.plannedSeconds)}</span>
            )}
            {lost && <span className={classes.lost}>no connection</span>}
          </dd>
        </div>
      </dl>
      <div className={classes.controls}>{children}</div>
    </header>
  );
}

// One breach is enough to fail; passed needs every judged criterion to be met.
function soFar(view: RunView) {
  if (view.criteria.some((c) => c.verdict === "failed")) return "failed";
  return view.criteria.some((c) => c.verdict === "passed") ? "passed" : "not_judged";
}
