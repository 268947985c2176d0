import { Kbd } from "@mantine/core";
import classes from "./Shell.module.css";

const keys: [string[], string][] = [
  [["n"], "new scenario"],
  [["g", "s"], "scenarios"],
  [["g", "r"], "runs"],
  [["g", "l"], "regions (locations)"],
  [["/"], "search this page"],
  [["e"], "change the load of a run"],
  [["l"], "latency: linear or logarithmic"],
  [["0"], "show the whole run again after a zoom"],
  [["Esc"], "close, or leave a field"],
  [["?"], "these keys"],
];

export function KeyHelp() {
  return (
    <dl className={classes.keys}>
      {keys.map(([sequence, what]) => (
        <div key={what}>
          <dt>
            {sequence.map((k) => (
              <Kbd key={k}>{k}</Kbd>
            ))}
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
