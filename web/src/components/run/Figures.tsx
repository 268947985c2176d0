import type { ReactNode } from "react";
import {
  bandwidthQuantity,
  bytes,
  compact,
  count,
  ms,
  msQuantity,
  NONE,
  type Quantity,
  rate,
  rateQuantity,
  shareQuantity,
} from "../../lib/format";
import type { RunView } from "../../lib/runview";
import classes from "./Figures.module.css";

/** The key figures: of the whole run, with the last second's beside them while it goes on. */
export function Figures({ view }: { view: RunView }) {
  const { total, last, plan } = view;
  const open = plan?.model === "open";
  const measured = total && total.latency_ms.count > 0 ? total.latency_ms : undefined;
  const second = last && last.requests > 0 ? last : undefined;
  const failed = (total?.failures ?? 0) > 0;
  const seconds = view.doneSeconds || undefined;
  return (
    <dl className={`panel ${classes.figures}`} aria-label="Key figures">
      <Tile name="Requests" q={{ value: count(total?.requests), unit: "" }} sub={requestsSub(view)} />
      <Tile
        name={open ? "Achieved rate" : "Request rate"}
        q={rateQuantity(last ? last.requests : total?.requests_per_second)}
        sub={
          open
            ? `offered ${rate(last ? last.offered : offered(view))}`
            : last
              ? `mean ${rate(total?.requests_per_second)}`
              : `${usersOf(view)}`
        }
      />
      <Tile
        name="Failures"
        q={shareQuantity(total?.failures, total?.requests)}
        sub={failed ? `${count(total?.failures)} failed` : total && total.requests > 0 ? "none failed" : ""}
        tone={failed ? "bad" : undefined}
      />
      <Tile name="p50" q={msQuantity(measured?.p50)} sub={now(second?.p50)} />
      <Tile name="p95" q={msQuantity(measured?.p95)} sub={now(second?.p95)} />
      <Tile
        name="p99"
        q={msQuantity(measured?.p99)}
        sub={now(second?.p99) || (measured ? `max ${ms(measured.max)}` : "")}
      />
      <Tile
        name="Bandwidth"
        q={bandwidthQuantity(
          last ? last.bytes_received : seconds && total ? total.bytes_received / seconds : undefined,
        )}
        sub={total ? `${bytes(total.bytes_received)} received` : ""}
      />
      <Tile
        name={view.live ? "Tasks reporting" : "Tasks reported"}
        q={{ value: `${view.reporting}/${view.planned}`, unit: "" }}
        sub={view.skew === undefined ? "" : `start skew ${ms(view.skew)}`}
        tone={!view.live && view.reporting < view.planned ? "bad" : undefined}
      />
    </dl>
  );
}

interface TileProps {
  name: ReactNode;
  q: Quantity;
  sub?: string;
  tone?: "bad" | undefined;
}

function Tile({ name, q, sub, tone }: TileProps) {
  return (
    <div className={classes.tile} data-tone={tone}>
      <dt>{name}</dt>
      <dd className={classes.value}>
        {q.value}
        {q.unit && <small>{q.unit}</small>}
      </dd>
      <dd className={classes.sub}>{sub || " "}</dd>
    </div>
  );
}

const now = (n: number | undefined) => (n === undefined ? "" : `now ${ms(n)}`);

function offered(view: RunView): number | undefined {
  return view.total?.offered && view.doneSeconds > 0 ? view.total.offered / view.doneSeconds : undefined;
}

function usersOf(view: RunView): string {
  return view.plan?.users ? `${compact(view.plan.users)} users` : "";
}

function requestsSub(view: RunView): string {
  const { total, last } = view;
  if (last)
    return view.plan?.model === "open" ? `${compact(last.in_flight)} in flight` : `${compact(last.users)} users now`;
  if (total?.late) return `${compact(total.late)} begun late`;
  return total ? `${bytes(total.bytes_sent)} sent` : view.live ? NONE : "";
}
