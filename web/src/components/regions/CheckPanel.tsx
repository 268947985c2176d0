import type { Finding, RegionCheck } from "../../api/types";
import { ago, between, duration } from "../../lib/format";
import { Icon, type IconName } from "../Icon";
import { Section } from "../run/Section";
import classes from "./CheckPanel.module.css";
import { CheckPill } from "./CheckPill";

const signs: Record<Finding["state"], IconName> = { ok: "check", warning: "alert", failed: "cross" };

/** What the check of a region found so far, each fault with its remedy. */
export function CheckPanel({ check }: { check: RegionCheck | null | undefined }) {
  return (
    <Section title="Check" side={<CheckPill check={check} />} empty={check ? undefined : never}>
      <ol className={classes.list} aria-label="Findings" aria-live="polite" aria-busy={check?.state === "running"}>
        {check?.findings.map((f) => (
          <li key={`${f.check}/${f.text}`} data-state={f.state}>
            <span className={classes.sign} title={f.state}>
              <Icon name={signs[f.state]} size={14} />
            </span>
            <b>{f.check}</b>
            <span className={classes.text}>
              {f.text}
              {f.remedy && <span className={classes.remedy}>{f.remedy}</span>}
            </span>
          </li>
        ))}
        {check?.state === "running" && (
          <li data-state="running">
            <span className={classes.sign}>
              <i className={classes.dot} />
            </span>
            <b>now</b>
            <span className="dim">{check.step || "starting"}</span>
          </li>
        )}
      </ol>
      {check?.ended && (
        <p className={classes.foot}>
          {ago(check.ended)}
          {check.by && ` by ${check.by}`}, took {duration(between(check.started, check.ended))}
        </p>
      )}
    </Section>
  );
}

const never =
  "Not checked since its last change. A check looks at what tasks need, then runs one task for two seconds against a target inside that task.";
