import { errorText } from "../../api/errors";
import type { Run } from "../../api/types";
import type { RunView } from "../../lib/runview";
import { Icon } from "../Icon";
import classes from "./Notes.module.css";

interface Props {
  run: Run;
  view: RunView;
  reportError: unknown;
}

/** What a reader must know before the figures: why the run did not complete, and the notes. */
export function Notes({ run, view, reportError }: Props) {
  const cause = run.cause ?? [];
  return (
    <>
      {cause.length > 0 && (
        <section className={classes.box} data-tone={run.outcome === "cancelled" ? "plain" : "bad"} aria-label="Cause">
          <Icon name={run.outcome === "cancelled" ? "stop" : "alert"} />
          <ol>
            {cause.map((c) => (
              <li key={c}>{c}</li>
            ))}
          </ol>
        </section>
      )}
      {(view.notes.length > 0 || (reportError && !view.live)) && (
        <section className={classes.box} data-tone="warn" aria-label="Notes">
          <Icon name="alert" />
          <ul>
            {view.notes.map((n) => (
              <li key={n}>{n}</li>
            ))}
            {reportError && !view.live ? <li>The report cannot be shown: {errorText(reportError)}</li> : null}
          </ul>
        </section>
      )}
    </>
  );
}
