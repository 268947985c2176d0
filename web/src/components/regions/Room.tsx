import { useQuery } from "@tanstack/react-query";
import { capacityQuery, sweepsQuery } from "../../api/regions";
import type { RegionCapacity } from "../../api/types";
import { count } from "../../lib/format";
import { sweepWords, tightest, usedShare } from "../../lib/region";
import classes from "./Room.module.css";

/** How many tasks a region runs and how many it may, with a thin bar. */
export function Room({ name, limit }: { name: string; limit: number | undefined }) {
  const capacity = useQuery(capacityQuery(name));
  return <RoomBar capacity={capacity.data} limit={limit} away={capacity.isError} />;
}

interface BarProps {
  capacity: RegionCapacity | undefined;
  /** Of the region's settings: stands there until its platform has answered. */
  limit: number | undefined;
  away?: boolean;
}

export function RoomBar({ capacity, limit, away = false }: BarProps) {
  const share = usedShare(capacity);
  const bad = away || capacity?.finding !== undefined;
  const most = capacity?.limit || limit;
  return (
    <span className={classes.room} title={capacity?.finding?.text ?? capacity?.note}>
      <span className={classes.words}>
        <span>
          <b>{capacity && !bad ? count(capacity.in_use) : bad ? "?" : "–"}</b>
          <span className="dim">{most ? ` of ${count(most)}` : ""}</span>
        </span>
        <span className={bad ? classes.bad : "dim"}>
          {bad
            ? "no answer"
            : capacity
              ? capacity.free !== undefined
                ? `${count(capacity.free)} free`
                : "no limit"
              : ""}
        </span>
      </span>
      <span className={classes.bar} data-full={share === 1 || undefined}>
        <i style={{ width: `${100 * (share ?? 0)}%` }} />
      </span>
    </span>
  );
}

/** The provider's limit that leaves the least room. */
export function QuotaCell({ name }: { name: string }) {
  const { data } = useQuery(capacityQuery(name));
  const quota = tightest(data);
  if (!quota) return <span className="dim">–</span>;
  return (
    <span title={`${quota.name}: ${count(quota.in_use)} of ${count(quota.limit)} ${quota.unit} in use`}>
      {count(quota.tasks)} <span className="dim">tasks by {quota.unit}</span>
    </span>
  );
}

/** What the latest look for tasks that run for nobody found, in one region or in all. */
export function SweepLine({ name }: { name?: string }) {
  const { data } = useQuery(sweepsQuery);
  const text = data ? sweepWords(data.filter((s) => !name || s.region === name)) : "";
  return (
    <p className={classes.sweep} title="Tasks whose run has ended, or is not known, are stopped every hour.">
      {text && text[0]?.toUpperCase() + text.slice(1)}
    </p>
  );
}
