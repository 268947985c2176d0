import type { Figures, Latency } from "../api/types";
import type { Colour } from "./palette";

/** One part of a request's time. */
export interface Phase {
  key: "lag" | "dns" | "tcp" | "tls" | "firstByte" | "body";
  name: string;
  colour: Colour;
  /** What the mean request spends in it, in ms: these add up, percentiles do not. */
  mean: number;
  /** The part of all the means. */
  share: number;
  /** Over the requests that have it. */
  dist: Latency | undefined;
}

// A mean over those that have it becomes one over all requests.
const spread = (d: Latency | undefined, requests: number) => (d && requests > 0 ? (d.mean * d.count) / requests : 0);

/**
 * Takes the mean request apart. To the first byte belongs opening a connection
 * and the rest of what happens before it: the parts of opening one stand for
 * themselves, what remains is the wait for the target.
 */
export function phases(f: Figures | undefined, open: boolean): Phase[] {
  const requests = f?.latency_ms.count ?? 0;
  const [dns, tcp, tls] = [f?.dns_ms, f?.tcp_ms, f?.tls_ms].map((d) => spread(d, requests)) as [number, number, number];
  const wait = Math.max(0, spread(f?.first_byte_ms, requests) - dns - tcp - tls);
  const parts: Omit<Phase, "share">[] = [
    ...(open
      ? [
          {
            key: "lag",
            name: "Sent late",
            colour: "grey",
            mean: spread(f?.schedule_lag_ms, requests),
            dist: f?.schedule_lag_ms,
          } as const,
        ]
      : []),
    { key: "dns", name: "DNS", colour: "purple", mean: dns, dist: f?.dns_ms },
    { key: "tcp", name: "TCP", colour: "orange", mean: tcp, dist: f?.tcp_ms },
    { key: "tls", name: "TLS", colour: "vermilion", mean: tls, dist: f?.tls_ms },
    { key: "firstByte", name: "First byte", colour: "blue", mean: wait, dist: f?.first_byte_ms },
    { key: "body", name: "Body", colour: "green", mean: spread(f?.body_ms, requests), dist: f?.body_ms },
  ];
  const all = parts.reduce((sum, p) => sum + p.mean, 0);
  return parts.map((p) => ({ ...p, share: all > 0 ? p.mean / all : 0 }));
}

/** Whether there is anything to take apart. */
export const hasPhases = (f: Figures | undefined) => f?.first_byte_ms !== undefined;
