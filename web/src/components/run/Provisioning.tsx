import { Tooltip } from "@mantine/core";
import { ms, NONE } from "../../lib/format";
import { reachedCount, reachedTimes, steps } from "../../lib/provisioning";
import type { RunView } from "../../lib/runview";
import classes from "./Provisioning.module.css";
import { Section } from "./Section";

/**
 * How the tasks of each region came up, live and afterwards at the same place.
 * One task alone has nothing to wait for.
 */
export function Provisioning({ view }: { view: RunView }) {
  if (view.planned < 2 || view.starts.length === 0) return null;
  return (
    <div className={classes.box}>
      <Section title="Provisioning" side={<span className={classes.side}>seconds since the region was asked</span>}>
        <div className={classes.scroll}>
          <table className={classes.table} aria-label="Provisioning">
            <thead>
              <tr>
                <th>Region</th>
                {steps.map((s) => (
                  <th key={s.key}>
                    <Tooltip label={s.hint} openDelay={300}>
                      <span>{s.name}</span>
                    </Tooltip>
                  </th>
                ))}
                <th className={classes.wide}>
                  <Tooltip label="Latest minus earliest start of the tasks that began together" openDelay={300}>
                    <span>Skew</span>
                  </Tooltip>
                </th>
              </tr>
            </thead>
            <tbody>
              {view.starts.map(([name, start]) => (
                <tr key={name}>
                  <td>{name}</td>
                  {steps.map((s) => (
                    <td key={s.key} data-all={start[s.key].tasks >= start.tasks || undefined}>
                      <b>{reachedCount(start, start[s.key])}</b>
                      <span>{reachedTimes(start, start[s.key])}</span>
                    </td>
                  ))}
                  <td className={classes.wide}>{start.load.tasks > 1 ? ms(start.skew_ms) : NONE}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {view.starts
            .flatMap(([name, start]) => (start.why ?? []).map((why) => [name, why] as const))
            .map(([name, why]) => (
              <p key={`${name} ${why}`} className={classes.why}>
                <b>{name}</b> {why}
              </p>
            ))}
        </div>
      </Section>
    </div>
  );
}
