import { Tooltip, useComputedColorScheme } from "@mantine/core";
import { count, ms, NONE, share } from "../../lib/format";
import { palette } from "../../lib/palette";
import { hasPhases, type Phase, phases } from "../../lib/phases";
import type { RunView } from "../../lib/runview";
import type { RunSearch } from "../../lib/search";
import classes from "./Phases.module.css";
import { Section } from "./Section";

interface Props {
  view: RunView;
  /** The charts' filter chooses whose time is shown. */
  search: RunSearch;
  /** Engines that tell no phases have no place for them. */
  expected: boolean;
}

/** Where the time of a request goes: of the run, or of the label or region that is chosen. */
export function Phases({ view, search, expected }: Props) {
  const scheme = useComputedColorScheme("light");
  const [whose, figures] = chosen(view, search);
  if (!hasPhases(view.total) && !(expected && view.live)) return null;
  const rows = phases(figures, view.plan?.model === "open" && !search.label);
  const colours = palette(scheme);
  return (
    <Section
      title="Where the time goes"
      side={<span className={classes.whose}>{whose === "" ? "mean of all requests" : `mean of ${whose}`}</span>}
    >
      <div className={classes.bar} role="img" aria-label={spoken(rows)}>
        {rows.map(
          (p) =>
            p.share > 0 && (
              <Tooltip key={p.key} label={`${p.name}: ${ms(p.mean)} of the mean request`}>
                <i style={{ flexGrow: p.share, background: colours[p.colour] }} />
              </Tooltip>
            ),
        )}
      </div>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>Phase</th>
            <th>Of the mean</th>
            <th className={classes.wide}>Requests</th>
            <th>p50</th>
            <th>p95</th>
            <th>p99</th>
            <th className={classes.wide}>Max</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((p) => (
            <tr key={p.key} data-none={!p.dist}>
              <td>
                <Tooltip label={hints[p.key]} openDelay={300}>
                  <span className={classes.name}>
                    <i style={{ background: colours[p.colour] }} />
                    {p.name}
                  </span>
                </Tooltip>
              </td>
              <td>{p.dist ? `${ms(p.mean)} · ${share(p.share, 1)}` : NONE}</td>
              <td className={classes.wide}>{count(p.dist?.count)}</td>
              <td>{ms(p.dist?.p50)}</td>
              <td>{ms(p.dist?.p95)}</td>
              <td>{ms(p.dist?.p99)}</td>
              <td className={classes.wide}>{ms(p.dist?.max)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

const hints: Record<Phase["key"], string> = {
  lag: "From the instant a request was due to its send",
  dns: "Asking for the name's address, when it was not known",
  tcp: "Opening the TCP connection, when none was at hand",
  tls: "TLS handshake of a new connection",
  firstByte: "From the send to the first byte of the response; in the bar and the mean without opening a connection",
  body: "From the first byte of the response to the last",
};

function chosen(view: RunView, search: RunSearch) {
  for (const [name, rows] of [
    [search.label, view.labels],
    [search.region, view.regions],
  ] as const) {
    const found = name === undefined ? undefined : rows.find(([n]) => n === name);
    if (found) return found;
  }
  return ["", view.total] as const;
}

const spoken = (rows: Phase[]) =>
  rows
    .filter((p) => p.share > 0)
    .map((p) => `${p.name} ${share(p.share, 1)}`)
    .join(", ") || "Nothing measured yet";
