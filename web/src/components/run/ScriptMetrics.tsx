import type { MetricFigures } from "../../api/types";
import { count, digits, share } from "../../lib/format";
import { Section } from "./Section";
import classes from "./Section.module.css";

type Row = [string, MetricFigures];

/** What a script noted beside its requests: checks, and metrics of its own. */
export function ScriptMetrics({ metrics }: { metrics: readonly Row[] }) {
  if (metrics.length === 0) return null;
  const checks = metrics.filter(([, m]) => m.kind === "check");
  const others = metrics.filter(([, m]) => m.kind !== "check");
  return (
    <>
      <Section title="Checks" count={checks.length} empty={checks.length === 0 ? "The script has none." : undefined}>
        <ul className={classes.bars}>
          {checks.map(([name, m]) => (
            <li key={name} style={{ "--tone": m.failed ? "var(--bad)" : "var(--ok)" } as React.CSSProperties}>
              <i style={{ width: `${100 * (m.share ?? 0)}%` }} />
              <span>{name}</span>
              <span>
                {count(m.passed ?? 0)} of {count(m.count)}
              </span>
              <span className="dim">{share(m.passed ?? 0, m.count)}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Metrics of the script" count={others.length}>
        <dl className={classes.facts}>
          {others.map(([name, m]) => (
            <Metric key={name} name={name} metric={m} />
          ))}
        </dl>
      </Section>
    </>
  );
}

function Metric({ name, metric }: { name: string; metric: MetricFigures }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{metricText(metric)}</dd>
    </>
  );
}

/** A metric's figures in a line, by its kind. */
export function metricText(m: MetricFigures): string {
  const unit = m.unit ? ` ${m.unit}` : "";
  switch (m.kind) {
    case "counter":
      return `${digits(m.sum)}${unit}${m.per_second ? ` · ${digits(m.per_second)}/s` : ""}`;
    case "rate":
      return `${digits(100 * (m.share ?? 0))} % of ${count(m.count)}`;
    case "trend":
      return m.trend
        ? `p50 ${digits(m.trend.p50)} · p95 ${digits(m.trend.p95)} · max ${digits(m.trend.max)}${unit}`
        : "–";
    default:
      return `${digits(m.last)}${unit} (${digits(m.min)} to ${digits(m.max)})`;
  }
}
