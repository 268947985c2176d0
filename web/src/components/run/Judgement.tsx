import type { CriterionResult } from "../../api/types";
import { missing } from "../../lib/accounting";
import { clock, count } from "../../lib/format";
import type { RunView } from "../../lib/runview";
import { Icon } from "../Icon";
import { VerdictPill } from "../Pills";
import { Section } from "./Section";
import classes from "./Section.module.css";

/** Each criterion with the value that was found. */
export function Criteria({ criteria, live }: { criteria: readonly CriterionResult[]; live: boolean }) {
  return (
    <Section
      title={live ? "Criteria so far" : "Criteria"}
      count={criteria.length}
      empty={criteria.length === 0 ? "The scenario has no criteria, so the run is not judged." : undefined}
    >
      <ul className={classes.list}>
        {criteria.map((c) => (
          <li key={c.criterion}>
            <VerdictPill verdict={c.verdict} />
            <span className="mono">{c.criterion}</span>
            <b className="num">{c.found_text ?? ""}</b>
            {(c.why || c.at !== undefined) && (
              <span className={classes.why}>
                {[c.at === undefined ? "" : `first at ${clock(c.at)}`, c.why].filter(Boolean).join(" · ")}
              </span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Whether the figures are whole: a plain yes, or what is missing. */
export function AccountingCard({ view }: { view: RunView }) {
  const a = view.accounting;
  const g = view.generator;
  const gaps = a ? missing(a) : [];
  return (
    <Section title="Accounting">
      <p className={classes.verdict}>
        {!a && <span className="dim">Counted when the run has ended.</span>}
        {a && gaps.length === 0 && (
          <>
            <span className={classes.good}>
              <Icon name="check" />
            </span>
            Every sample that the tasks sent is in this report.
          </>
        )}
        {gaps.length > 0 && (
          <>
            <span className={classes.bad}>
              <Icon name="alert" />
            </span>
            <span>{gaps.join(" ")}</span>
          </>
        )}
      </p>
      <dl className={classes.facts}>
        <dt>Tasks planned · started · reported · lost</dt>
        <dd>
          {a
            ? [a.tasks_planned, a.tasks_started, a.tasks_reported, a.tasks_lost].map(count).join(" · ")
            : `${view.planned} · – · – · –`}
        </dd>
        <dt>Samples sent = received</dt>
        <dd>
          {a
            ? `${count(a.samples_sent)} ${a.samples_sent === a.samples_received ? "=" : "≠"} ${count(a.samples_received)}`
            : "–"}
        </dd>
        {a?.tool_tasks ? (
          <>
            <dt>Requests by the tool's own count</dt>
            <dd>
              {count(a.tool_requests ?? 0)}
              {a.tool_differs ? `, ${count(a.tool_differs)} apart` : ", the same"}
            </dd>
          </>
        ) : null}
        <dt>Windows missing · repeated and dropped</dt>
        <dd>{a ? `${count(a.windows_missing)} · ${count(a.windows_repeated)}` : "–"}</dd>
        <dt>Generator was the limit, task-seconds</dt>
        <dd>{g ? `${count(g.limited)} of ${count(g.task_seconds)}` : "–"}</dd>
        <dt>Measured times beyond the histograms' range</dt>
        <dd>{a ? count(a.samples_clamped) : "–"}</dd>
      </dl>
    </Section>
  );
}
