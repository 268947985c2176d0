import type { RunEvent } from "../../api/types";
import { between, clock, timeOfDay } from "../../lib/format";
import { Section } from "./Section";
import classes from "./Section.module.css";

/** What happened to the run, newest last. */
export function EventLog({ events, started }: { events: readonly RunEvent[]; started: string | undefined }) {
  return (
    <Section title="Events" count={events.length} empty={events.length === 0 ? "Nothing happened yet." : undefined}>
      <ol className={classes.events}>
        {events.map((e) => (
          <li key={e.seq}>
            <time dateTime={e.at}>{timeOfDay(e.at)}</time>
            <span className="dim">{offset(started, e.at)}</span>
            <span className="dim">{e.kind}</span>
            <span>{e.text}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** The event's place in the run: −0:02 before the start, 0:12 after it. */
function offset(started: string | undefined, at: string): string {
  const seconds = between(started, at);
  if (seconds === undefined) return "";
  return seconds <= -0.5 ? `−${clock(-seconds)}` : clock(seconds);
}
