import type { RunItem } from "../api/types";
import page from "./Page.module.css";
import { OutcomePill, StatusPill, VerdictPill } from "./Pills";

/** Where a run stands, or, when it has ended, the two facts about it. */
export function RunFacts({ run }: { run: Pick<RunItem, "status" | "outcome" | "verdict"> }) {
  if (run.status !== "ended" || !run.outcome) return <StatusPill status={run.status} />;
  return (
    <span className={page.pair}>
      <OutcomePill outcome={run.outcome} />
      {run.verdict && <VerdictPill verdict={run.verdict} />}
    </span>
  );
}
