import type { Outcome, Status, TaskStatus, Verdict } from "../api/types";
import { words } from "../lib/format";
import { Icon, type IconName } from "./Icon";
import classes from "./Pills.module.css";

export type Tone = "ok" | "bad" | "warn" | "idle" | "live";

interface PillProps {
  tone: Tone;
  icon?: IconName | undefined;
  word: string;
}

/** A word of the API with its colour and, for people who see no colour, its sign. */
export function Pill({ tone, icon, word }: PillProps) {
  return (
    <span className={`${classes.pill} ${classes[tone]}`}>
      {icon ? <Icon name={icon} size={13} /> : <i className={classes.dot} />}
      {words(word)}
    </span>
  );
}

export function StatusPill({ status }: { status: Status }) {
  return <Pill tone={status === "ended" ? "idle" : "live"} word={status} />;
}

const outcomes: Record<Outcome, [Tone, IconName]> = {
  completed: ["ok", "check"],
  degraded: ["warn", "alert"],
  could_not_run: ["bad", "cross"],
  cancelled: ["idle", "stop"],
};

export function OutcomePill({ outcome }: { outcome: Outcome }) {
  const [tone, icon] = outcomes[outcome];
  return <Pill tone={tone} icon={icon} word={outcome} />;
}

const verdicts: Record<Verdict, [Tone, IconName]> = {
  passed: ["ok", "check"],
  failed: ["bad", "cross"],
  not_judged: ["idle", "minus"],
};

export function VerdictPill({ verdict }: { verdict: Verdict }) {
  const [tone, icon] = verdicts[verdict];
  return <Pill tone={tone} icon={icon} word={verdict} />;
}

const taskTones: Record<TaskStatus, [Tone, IconName | undefined]> = {
  planned: ["idle", undefined],
  starting: ["live", undefined],
  ready: ["live", undefined],
  running: ["live", undefined],
  done: ["ok", "check"],
  lost: ["bad", "cross"],
  failed: ["bad", "cross"],
};

export function TaskPill({ status }: { status: TaskStatus }) {
  const [tone, icon] = taskTones[status];
  return <Pill tone={tone} icon={icon} word={status} />;
}
