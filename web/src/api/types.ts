// The nouns of the API as the console uses them, by the names of the product.
export type Status = "queued" | "provisioning" | "ready" | "running" | "cancelling" | "finishing" | "ended";
export type Outcome = "completed" | "degraded" | "could_not_run" | "cancelled";
export type Verdict = "passed" | "failed" | "not_judged";
export type TaskStatus = "planned" | "starting" | "ready" | "running" | "done" | "lost" | "failed";
export interface Problem { path: string; line?: number; found?: string; allowed?: string; message: string }
export interface Point { at: string; level: number }
export interface Profile { points: Point[]; endless?: boolean }
export interface PlanTask { name: string; index: number; users?: number; rate?: number; requests?: number; iterations?: number; rows?: Record<string, number> }
export interface PlanRegion { name: string; driver: string; capacity: { limit?: number; in_use: number; note?: string }; tasks: PlanTask[]; users?: number; rate?: number }
export interface Plan {
  scenario: string; engine: string; model: "closed" | "open"; tasks: number; users?: number; rate?: number; duration?: string;
  requests?: number; iterations?: number; expected?: number; profile: Profile; regions: PlanRegion[];
  data?: { name: string; file: string; sharing: string; columns: string[]; rows: number }[];
  criteria?: string[]; lost_tasks: string; warnings?: string[];
}
export interface Latency { count: number; min: number; mean: number; stddev: number; p50: number; p90: number; p95: number; p99: number; p99_9: number; max: number }
export interface Figures {
  requests: number; failures: number; bytes_received: number; bytes_sent: number; redirects?: number; requests_per_second: number;
  latency_ms: Latency; service_ms?: Latency; first_byte_ms?: Latency; connect_ms?: Latency; schedule_lag_ms?: Latency;
  status_codes: Record<string, number>; failure_causes: Record<string, number>; offered?: number; started?: number; late?: number;
}
export interface Task { run: string; name: string; region: string; index: number; attempt?: number; status: TaskStatus; instance?: string; reason?: string; skew_ms?: number; clock_offset_ms?: number; samples_sent: number; final: boolean }
export interface TaskFigures extends Figures { task: Task }
export interface CriterionResult { criterion: string; verdict: Verdict; found?: number; found_text?: string; at?: number; why?: string }
export interface RunEvent { run: string; seq: number; at: string; kind: string; task?: string; text: string }
export interface Accounting { tasks_planned: number; tasks_started: number; tasks_reported: number; tasks_lost: number; samples_sent: number; samples_received: number; windows_missing: number; windows_repeated: number; samples_clamped: number }
export interface Report {
  run: { id: string; scenario: string; status: Status; outcome: Outcome; verdict: Verdict; cause?: string[]; created: string; started?: string; ended?: string; seconds: number };
  accounting: Accounting; start_skew_ms: number; total: Figures; regions: Record<string, Figures>; labels: Record<string, Figures>; tasks: Record<string, TaskFigures>;
  criteria: CriterionResult[]; events?: RunEvent[]; notes?: string[]; plan?: Plan;
}
export interface Run {
  id: string; scenario: string; note?: string; status: Status; outcome?: Outcome; verdict?: Verdict; cause?: string[]; by?: string; created: string; started?: string; stopped?: string; ended?: string; since: string;
  summary?: { requests: number; failures: number; requests_per_second: number; p95: number; seconds: number };
  plan?: Plan; changes?: { at: string; kind: string; level?: number }[]; files?: Record<string, string>;
}
export interface SeriesPoint { second: number; requests: number; failures: number; bytes_received: number; bytes_sent: number; users: number; offered: number; started: number; in_flight: number; tasks: number; mean: number; p50: number; p90: number; p95: number; p99: number; p99_9: number; max: number; first_byte_p95: number; lag_p99: number }
export interface Series { step: number; points: SeriesPoint[] }
export interface TaskLive { region: string; status: TaskStatus; users: number; requests_per_second: number; requests: number; failures: number; p95: number; cpu: number; limited?: string; behind: number }
export interface Snapshot { run: string; status: Status; second: number; at: string; tasks: Record<string, TaskLive>; last: SeriesPoint; total: Figures; regions: Record<string, Figures>; labels: Record<string, Figures>; region_last: Record<string, SeriesPoint>; criteria: CriterionResult[]; notes?: string[] }
export interface Me { name: string; role: string }
export interface ScenarioRecord { name: string; source: string; files?: Record<string, string>; scenario: { description?: string; tags?: string[]; engine?: string; requests?: { method?: string; url: string; label?: string }[] }; version: number; last_run?: Run; by?: string; created: string; updated: string }
export interface Region { name: string; driver: string; limit?: number }
