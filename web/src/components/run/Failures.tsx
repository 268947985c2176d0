import type { Figures } from "../../api/types";
import { count, share } from "../../lib/format";
import { Section } from "./Section";
import classes from "./Section.module.css";

const causes: Record<string, string> = {
  dns: "name could not be resolved",
  refused: "connection refused",
  connect: "could not connect",
  tls: "TLS handshake failed",
  reset: "connection reset",
  closed: "connection closed early",
  timeout: "timeout",
  malformed: "answer was not HTTP",
  too_large: "body too large",
  status: "unexpected status",
  body: "body mismatch",
  check: "other check failed",
  extract: "nothing to extract",
  redirect: "redirect failed",
  stopped: "cut off by the stop",
  data: "rows used up",
  other: "other",
};

const biggest = (map: Record<string, number> | null | undefined) =>
  Object.entries(map ?? {}).sort(([, a], [, b]) => b - a);

/** What failed, by cause, and how the target answered, by status code. */
export function Failures({ total }: { total: Figures | undefined }) {
  const failed = biggest(total?.failure_causes);
  const codes = biggest(total?.status_codes);
  return (
    <>
      <Section
        title="Failures by cause"
        empty={failed.length === 0 ? (total ? "No request failed." : "Nothing measured yet.") : undefined}
      >
        <Bars rows={failed} of={total?.failures} tone={() => "var(--bad)"} name={(c) => causes[c] ?? c} code />
      </Section>
      <Section title="Status codes" empty={codes.length === 0 ? "No response yet." : undefined}>
        <Bars
          rows={codes}
          of={total?.requests}
          tone={(c) => (c < "400" ? "var(--ok)" : "var(--bad)")}
          name={(c) => c}
        />
      </Section>
    </>
  );
}

interface BarsProps {
  rows: [string, number][];
  of: number | undefined;
  tone: (key: string) => string;
  name: (key: string) => string;
  code?: boolean;
}

function Bars({ rows, of, tone, name, code = false }: BarsProps) {
  return (
    <ul className={classes.bars}>
      {rows.map(([key, n]) => (
        <li key={key} style={{ "--tone": tone(key) } as React.CSSProperties}>
          <i style={{ width: `${of ? (100 * n) / of : 0}%` }} />
          <span>
            {name(key)}
            {code && name(key) !== key && <span className="dim mono"> {key}</span>}
          </span>
          <span>{count(n)}</span>
          <span className="dim">{share(n, of)}</span>
        </li>
      ))}
    </ul>
  );
}
