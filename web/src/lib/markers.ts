import type { RunEvent } from "../api/types";
import { between } from "./format";

export interface EventMarker {
  second: number;
  text: string;
  tone: "plain" | "bad";
}

const marked: Record<string, EventMarker["tone"]> = { change: "plain", task: "bad", criterion: "bad" };

/** The events that stand as lines in the charts: changes of the load, trouble with tasks, breached criteria. */
export function markers(started: string | undefined, events: readonly RunEvent[]): EventMarker[] {
  const found: EventMarker[] = [];
  for (const event of events) {
    const tone = marked[event.kind];
    const second = between(started, event.at);
    if (tone && second !== undefined && second >= 0) found.push({ second, text: event.text, tone });
  }
  return found;
}
