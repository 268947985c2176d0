import { Skeleton } from "@mantine/core";
import { useMemo } from "react";
import { errorText } from "../../api/errors";
import type { Plan } from "../../api/types";
import { ProfileChart, type ProfilePoint } from "../../charts/ProfileChart";
import { count, duration, rate } from "../../lib/format";
import { problemText } from "../../lib/problems";
import { seconds } from "../../lib/scenario";
import { Icon } from "../Icon";
import classes from "./PlanPanel.module.css";
import type { Checked } from "./useDraft";

/** What will run, worked out by the server before anything starts. */
export function PlanPanel({ checked, blank, awaits }: { checked: Checked; blank: boolean; awaits: string }) {
  const { plan, problems, error, busy } = checked;
  return (
    <section className={`panel ${classes.plan}`} aria-label="Plan" aria-busy={busy}>
      <header>
        <h2>Plan</h2>
        <span className="dim">{plan ? headline(plan) : ""}</span>
      </header>
      {plan ? (
        <PlanFacts plan={plan} />
      ) : error ? (
        <p className={classes.note}>{errorText(error)}</p>
      ) : problems.length > 0 ? (
        <div className={classes.note}>
          <p>No plan yet:</p>
          <ul>
            {problems.slice(0, 8).map((p) => (
              <li key={`${p.path}/${p.message}`}>{problemText(p)}</li>
            ))}
          </ul>
        </div>
      ) : blank ? (
        <p className={classes.note}>{awaits}: the plan of the run appears here before anything is sent.</p>
      ) : (
        <div className={classes.note}>
          <Skeleton height={120} mb={12} />
          <Skeleton height={80} />
        </div>
      )}
    </section>
  );
}

function headline(plan: Plan): string {
  const load = plan.model === "open" ? `up to ${rate(plan.rate)}` : `up to ${count(plan.users)} users`;
  const long = lasts(plan) ? `for ${duration(lasts(plan))}` : plan.script ? "until the script ends" : "until its limit";
  return `${load} from ${count(plan.tasks)} ${plan.tasks === 1 ? "task" : "tasks"} ${long}`;
}

/** Seconds that the plan lasts, if that is known: a script may say it where the profile does not. */
function lasts(plan: Plan): number | undefined {
  return plan.profile.endless && plan.iterations ? undefined : seconds(plan.duration) || undefined;
}

function PlanFacts({ plan }: { plan: Plan }) {
  const open = plan.model === "open";
  const points = useMemo(() => corners(plan), [plan]);
  return (
    <>
      <div className={classes.chart}>
        <ProfileChart points={points} unit={open ? "requests a second" : "users"} />
      </div>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>Region</th>
            <th>Driver</th>
            <th>Tasks</th>
            <th>{open ? "Rate" : "Users"}</th>
            <th>Each task</th>
          </tr>
        </thead>
        <tbody>
          {plan.regions?.map((r) => (
            <tr key={r.name}>
              <td>{r.name}</td>
              <td className="dim">{r.driver}</td>
              <td title={r.capacity.note}>
                {count(r.tasks?.length ?? 0)}
                {r.capacity.limit ? (
                  <span className="dim"> of {count(Math.max(0, r.capacity.limit - r.capacity.in_use))} free</span>
                ) : (
                  ""
                )}
              </td>
              <td>{open ? rate(r.rate) : count(r.users ?? 0)}</td>
              <td className="dim">
                {each(
                  (r.tasks ?? []).map((t) => (open ? t.rate : t.users)),
                  open,
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl className={classes.facts}>
        {plan.expected ? (
          <Fact
            name={plan.arrival === "iteration" ? "Iterations expected" : "Requests expected"}
            value={count(plan.expected)}
          />
        ) : null}
        {plan.requests ? <Fact name="Stops after requests" value={count(plan.requests)} /> : null}
        {plan.iterations ? <Fact name="Stops after iterations" value={count(plan.iterations)} /> : null}
        <ScriptFacts plan={plan} />
        {plan.regions?.map((r) => (
          <RoomFacts key={r.name} region={r} />
        ))}
        {plan.data?.map((d) => (
          <Fact key={d.name} name={`Data ${d.name}`} value={`${count(d.rows)} rows, ${d.sharing}`} />
        ))}
        <Fact
          name="Criteria"
          value={plan.criteria?.length ? plan.criteria.join(" · ") : "none: the run is not judged"}
        />
        <Fact
          name="A task late"
          value={`${plan.start?.late_tasks ?? "fail"} after ${plan.start?.within ?? "the server's bound"}`}
        />
        <Fact name="A task lost" value={plan.lost_tasks} />
      </dl>
      {plan.warnings?.map((w) => (
        <p key={w} className={classes.warning}>
          <Icon name="alert" size={14} /> {w}
        </p>
      ))}
    </>
  );
}

/** What a region holds at this moment, and what its provider's limits leave. */
function RoomFacts({ region: { name, capacity } }: { region: NonNullable<Plan["regions"]>[number] }) {
  const { limit, in_use, note, quotas } = capacity;
  return (
    <>
      {limit ? (
        <Fact
          name={`Room in ${name}`}
          value={`${count(in_use)} of ${count(limit)} in use, ${count(Math.max(0, limit - in_use))} free${note ? ` (${note})` : ""}`}
        />
      ) : null}
      {quotas?.map((q) => (
        <Fact
          key={q.name}
          name={`${name}: ${q.name}`}
          value={`${count(q.in_use)} of ${count(q.limit)} ${q.unit} in use, room for ${count(q.tasks)}`}
        />
      ))}
    </>
  );
}

/** What a script says of itself, and what the scenario says instead. */
function ScriptFacts({ plan }: { plan: Plan }) {
  const { script } = plan;
  if (!script) return null;
  return (
    <>
      <Fact name="Script" value={`${script.entry} with ${script.tool}`} />
      {script.parts?.map((p) => (
        <Fact
          key={p.name}
          name={p.name}
          value={[
            p.kind,
            p.users ? `${count(p.users)} users` : "",
            p.rate ? `${count(p.rate)} iterations/s` : "",
            p.iterations ? `${count(p.iterations)} iterations` : "",
            p.stages?.join(", ") ?? p.duration ?? "",
          ]
            .filter(Boolean)
            .join(", ")}
        />
      ))}
      {script.thresholds && script.thresholds.length > 0 && (
        <Fact name="Its thresholds" value={script.thresholds.map((t) => `${t.metric} ${t.rule}`).join(" · ")} />
      )}
      {plan.overrides?.map((o) => (
        <Fact
          key={o.field}
          name={`Instead, ${o.field}`}
          value={`script says ${o.script || "nothing"}, scenario says ${o.scenario}`}
        />
      ))}
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** The shares of a region's tasks: one figure when equal, else from-to. */
function each(shares: (number | undefined)[], open: boolean): string {
  const known = shares.map((s) => s ?? 0);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const say = (n: number) => (open ? rate(n) : count(n));
  return low === high ? say(low) : `${say(low)} to ${say(high)}`;
}

function corners(plan: Plan): ProfilePoint[] {
  const points = (plan.profile.points ?? []).map((p) => ({ second: seconds(p.at) ?? 0, level: p.level }));
  const last = points.at(-1);
  // An endless profile has no width of its own: show that its last level holds.
  if (plan.profile.endless && last)
    points.push({ second: lasts(plan) ?? last.second + Math.max(30, last.second), level: last.level });
  return points;
}
