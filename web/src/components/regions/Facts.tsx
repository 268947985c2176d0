import type { Region, RegionCapacity } from "../../api/types";
import { count } from "../../lib/format";
import { Section } from "../run/Section";
import classes from "../run/Section.module.css";
import { Failure } from "../States";
import own from "./Facts.module.css";
import { RoomBar, SweepLine } from "./Room";

interface CapacityProps {
  name: string;
  capacity: RegionCapacity | undefined;
  limit: number | undefined;
  error: unknown;
  retry: () => void;
}

/** What the region holds now, and what its provider's limits leave. */
export function CapacitySection({ name, capacity, limit, error, retry }: CapacityProps) {
  if (error) {
    return (
      <Section title="Capacity">
        <Failure error={error} what="The capacity" retry={retry} />
      </Section>
    );
  }
  return (
    <Section title="Capacity">
      <div className={own.room}>
        <RoomBar capacity={capacity} limit={limit} />
        <span className="dim">{!capacity?.finding && capacity?.note}</span>
      </div>
      {capacity?.finding && (
        <p className={own.finding}>
          {capacity.finding.text}
          {capacity.finding.remedy && <span className="dim"> → {capacity.finding.remedy}</span>}
        </p>
      )}
      {capacity?.quotas && capacity.quotas.length > 0 && (
        <dl className={classes.facts}>
          {capacity.quotas.map((q) => [
            <dt key={`${q.name}/name`}>{q.name}</dt>,
            <dd key={q.name}>
              {count(q.in_use)} of {count(q.limit)} {q.unit}
              <span className="dim">, room for {count(q.tasks)}</span>
            </dd>,
          ])}
        </dl>
      )}
      <SweepLine name={name} />
    </Section>
  );
}

/** All that was said of a region. Its driver's own settings are shown to admins alone. */
export function SettingsSection({ region, admin }: { region: Region; admin: boolean }) {
  const rows: [string, string | undefined][] = [
    ["Driver", region.driver],
    ...Object.entries(region.settings ?? {}),
    ["Most tasks at once", region.limit ? count(region.limit) : "what its platform holds"],
    ["Most tasks of one run", region.run_limit ? count(region.run_limit) : undefined],
    ["Most users of one task", region.users_per_task ? count(region.users_per_task) : undefined],
    ["Cores of each task", region.cpu ? String(region.cpu) : undefined],
    ["Memory of each task", region.memory],
    ["Image", region.image],
    ...Object.entries(region.images ?? {}).map(([engine, image]): [string, string] => [`Image for ${engine}`, image]),
    ["Tasks reach the server at", region.server],
    ...Object.entries(region.labels ?? {}),
  ];
  return (
    <Section title="Settings" side={admin ? null : <span className="dim">the driver's own are for admins</span>}>
      <dl className={`${classes.facts} ${own.facts}`}>
        {rows.map(([name, value]) =>
          value ? [<dt key={`${name}/name`}>{name}</dt>, <dd key={name}>{value}</dd>] : null,
        )}
      </dl>
    </Section>
  );
}
