import { SeriesStore } from "../lib/series";
import type { Series, SeriesPoint, Snapshot } from "./types";

/** Narrows figures to a region, a request label or a task. */
export interface SeriesFilter {
  region?: string | undefined;
  label?: string | undefined;
  task?: string | undefined;
}

type Load = (filter: SeriesFilter, from: number) => Promise<Series>;

// A task's load is not made label by label, so these are not kept by label.
const notByLabel = ["offered", "users", "inFlight", "lagP99"] as const;

/**
 * SeriesFeed keeps one filtered series current. It is loaded once; from then on
 * each snapshot brings the next second. Only what a snapshot cannot bring is
 * asked for: seconds missed while the stream was away, and the figures of one
 * label or task, as a tail from the first missing second.
 */
export class SeriesFeed {
  readonly store: SeriesStore;
  error: unknown;
  loaded = false;
  private runSeconds: number | undefined;
  private busy = false;
  private again = false;
  private closed = false;

  constructor(
    private readonly load: Load,
    private readonly filter: SeriesFilter,
    private readonly changed: () => void,
  ) {
    this.store = new SeriesStore(filter.label ? notByLabel : []);
  }

  /** Loads the whole series; again when the run has ended after so many seconds and its file is final. */
  async whole(runSeconds?: number): Promise<void> {
    this.runSeconds = runSeconds;
    await this.fetch(0, (series) => {
      this.store.replace(series);
      if (this.runSeconds !== undefined) this.store.trim(this.runSeconds);
    });
  }

  /** Takes the next second from a snapshot, or asks for what is missing. */
  offer(snapshot: Snapshot): void {
    if (!this.loaded || snapshot.second < this.store.next) return;
    const point = this.pointOf(snapshot);
    if (point && point.second === this.store.next) {
      this.store.add([point]);
      this.changed();
    } else {
      void this.tail();
    }
  }

  close(): void {
    this.closed = true;
  }

  private pointOf(snapshot: Snapshot): SeriesPoint | undefined {
    if (this.filter.label || this.filter.task) return undefined;
    return this.filter.region ? snapshot.region_last?.[this.filter.region] : snapshot.last;
  }

  private async tail(): Promise<void> {
    await this.fetch(this.store.next, (series) => this.store.add(series.points ?? [], series.step));
  }

  private async fetch(from: number, take: (series: Series) => void): Promise<void> {
    if (this.busy) {
      this.again ||= from === 0;
      return;
    }
    this.busy = true;
    try {
      const series = await this.load(this.filter, from);
      if (this.closed) return;
      take(series);
      this.error = undefined;
      this.loaded = true;
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
    if (!this.closed) this.changed();
    if (this.again) {
      this.again = false;
      await this.whole(this.runSeconds);
    }
  }
}
