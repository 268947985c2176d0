import { LogLines } from "../lib/loglines";
import { taskLogURL } from "./runs";

export type LogState = "connecting" | "open" | "lost" | "ended" | "none";

/**
 * TaskLog follows one task's log: from its start, as it is written, to its end.
 * The browser comes back by itself after a break, and goes on where it was.
 */
export class TaskLog {
  readonly lines = new LogLines();
  state: LogState = "connecting";
  version = 0;
  private source: EventSource | undefined;
  private pending = "";
  private timer: number | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly run: string,
    private readonly task: string,
  ) {}

  open(): void {
    if (this.source || this.state === "ended") return;
    const source = new EventSource(`${taskLogURL(this.run, this.task)}?follow=true`);
    this.source = source;
    source.onopen = () => this.become("open");
    source.onerror = () => {
      // Closed for good means that the server said no: there is no log.
      this.become(source.readyState === EventSource.CLOSED ? "none" : "lost");
    };
    source.addEventListener("log", (e) => this.take((JSON.parse(e.data) as { text: string }).text));
    source.addEventListener("end", () => {
      this.close();
      this.become("ended");
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

  // A tool may write thousands of lines a second: they are drawn together.
  private take(text: string): void {
    this.pending += text;
    this.timer ??= window.setTimeout(() => this.flush(), 100);
  }

  private flush(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pending !== "") this.lines.append(this.pending);
    this.pending = "";
    this.tell();
  }

  private become(state: LogState): void {
    if (this.state === "ended") return;
    this.state = state;
    this.flush();
  }

  private tell(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}
