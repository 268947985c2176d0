// The nouns of the API under the names that the console uses. Their shapes come
// from the API's own description: see schema.ts, which is generated.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Accounting = Schemas["Accounting"];
export type CriterionResult = Schemas["CriterionResult"];
export type DriverKind = Schemas["DriverKind"];
export type Figures = Schemas["Figures"];
export type Finding = Schemas["Finding"];
export type Generator = Schemas["Generator"];
export type Latency = Schemas["Latency"];
export type MetricFigures = Schemas["MetricFigures"];
export type Me = Schemas["Me"];
export type Plan = Schemas["Plan"];
export type Problem = Schemas["Problem"];
export type Region = Schemas["Region"];
export type RegionCapacity = Schemas["RegionCapacity"];
export type RegionCheck = Schemas["RegionCheck"];
export type RegionItem = Schemas["RegionItem"];
export type RegionStart = Schemas["RegionStart"];
export type Report = Schemas["Report"];
export type Run = Schemas["Run"];
export type RunEvent = Schemas["Event"];
export type RunItem = Schemas["RunItem"];
export type ScenarioItem = Schemas["ScenarioItem"];
export type ScenarioRecord = Schemas["ScenarioRecord"];
export type Series = Schemas["Series"];
export type SeriesPoint = Schemas["SeriesPoint"];
export type Setting = Schemas["Setting"];
export type Snapshot = Schemas["Snapshot"];
export type Sweep = Schemas["Sweep"];
export type Task = Schemas["Task"];
export type TaskFigures = Schemas["TaskFigures"];

export type Status = Run["status"];
export type Outcome = NonNullable<Run["outcome"]>;
export type Verdict = NonNullable<Run["verdict"]>;
export type TaskStatus = Task["status"];
