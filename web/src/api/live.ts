import type { RunEvent, RunItem, Snapshot } from "./types";

export type Connection = "connecting" | "open" | "lost";

/**
 * LiveRun follows one run's stream: the newest snapshot and all of its events.
 * The browser reconnects by itself; a new snapshot replaces the old one, so
 * nothing needs to be repaired after a gap but the series (see SeriesFeed).
 */
export class LiveRun {
  snapshot: Snapshot | undefined;
  head: RunItem | undefined;
  events: RunEvent[] = [];
  connection: Connection = "connecting";
  version = 0;
  private source: EventSource | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly url: string) {}

  open(): void {
    if (this.source) return;
    const source = new EventSource(this.url);
    this.source = source;
    source.onopen = () => this.set(() => (this.connection = "open"));
    source.onerror = () => this.set(() => (this.connection = "lost"));
    source.addEventListener("snapshot", (e) => this.receive(JSON.parse(e.data) as Snapshot));
    source.addEventListener("event", (e) => this.merge([JSON.parse(e.data) as RunEvent]));
    source.addEventListener("status", (e) => this.set(() => (this.head = JSON.parse(e.data) as RunItem)));
    source.addEventListener("end", (e) => {
      // Nothing follows; left open, the browser would ask again for ever.
      this.close();
      this.set(() => (this.head = JSON.parse(e.data) as RunItem));
    });
  }

  close(): void {
    this.source?.close();
    this.source = undefined;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Adds events known from elsewhere; each event is kept once, in order. */
  merge(events: readonly RunEvent[]): void {
    const known = new Set(this.events.map((e) => e.seq));
    const fresh = events.filter((e) => !known.has(e.seq));
    if (fresh.length === 0) return;
    this.set(() => (this.events = [...this.events, ...fresh].sort((a, b) => a.seq - b.seq)));
  }

  private receive(snapshot: Snapshot): void {
    this.set(() => {
      this.snapshot = snapshot;
      this.connection = "open";
    });
  }

  private set(change: () => void): void {
    change();
    this.version++;
    for (const listener of this.listeners) listener();
  }
}
