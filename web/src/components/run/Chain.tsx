import { Tooltip } from "@mantine/core";
import type { Step } from "../../lib/chain";
import { duration, timeOfDay, words } from "../../lib/format";
import { Icon } from "../Icon";
import classes from "./Chain.module.css";

/** The run's way from queued to ended, with times; causes on hover and in the events below. */
export function Chain({ steps, progress }: { steps: readonly Step[]; progress: number | undefined }) {
  return (
    <ol className={`panel ${classes.chain}`} aria-label="State chain">
      {steps.map((step) => (
        <li key={step.status} data-state={step.state} aria-current={step.state === "now" ? "step" : undefined}>
          <Tooltip label={step.cause} disabled={!step.cause} multiline maw={360}>
            <div className={classes.step}>
              <span className={classes.sign}>{step.state === "done" ? <Icon name="check" size={12} /> : <i />}</span>
              <span className={classes.word}>{words(step.status)}</span>
              <span className={classes.time}>
                {step.at ? timeOfDay(step.at) : step.state === "skipped" ? "skipped" : "–"}
                {step.seconds !== undefined && <em> {duration(round(step.seconds))}</em>}
              </span>
              <span className={classes.cause}>{step.cause ?? ""}</span>
            </div>
          </Tooltip>
          {step.status === "running" && step.state === "now" && progress !== undefined && (
            <span className={classes.bar} style={{ transform: `scaleX(${progress})` }} />
          )}
        </li>
      ))}
    </ol>
  );
}

const round = (seconds: number) => (seconds < 10 ? Math.round(seconds * 100) / 100 : Math.round(seconds));
