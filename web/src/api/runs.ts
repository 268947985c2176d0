import { queryOptions } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { SeriesFilter } from "./seriesfeed";
import type { Series } from "./types";

/** Most points of a charted series: one a second for an hour. */
const chartPoints = 3600;

const path = (id: string) => ({ params: { path: { id } } });

export const runsQuery = (scenario?: string) =>
  queryOptions({
    queryKey: ["runs", { scenario: scenario ?? "" }],
    queryFn: async () =>
      (
        await answer(
          client.GET("/api/v1/runs", { params: { query: { limit: 200, ...(scenario ? { scenario } : {}) } } }),
        )
      ).runs,
    // Lists show runs that go on; the run page itself is fed by its stream.
    refetchInterval: (query) => (query.state.data?.some((r) => r.status !== "ended") ? 2000 : 15_000),
  });

export const runQuery = (id: string) =>
  queryOptions({ queryKey: ["run", id], queryFn: () => answer(client.GET("/api/v1/runs/{id}", path(id))) });

export const reportQuery = (id: string, ended: boolean) =>
  queryOptions({
    queryKey: ["run", id, "report"],
    queryFn: () => answer(client.GET("/api/v1/runs/{id}/report", path(id))),
    enabled: ended,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const eventsQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "events"],
    queryFn: async () => (await answer(client.GET("/api/v1/runs/{id}/events", path(id)))).events,
  });

export const tasksQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "tasks"],
    queryFn: async () => (await answer(client.GET("/api/v1/runs/{id}/tasks", path(id)))).tasks,
  });

export function loadSeries(id: string, filter: SeriesFilter, from: number): Promise<Series> {
  const { region, label, task } = filter;
  const query = {
    points: chartPoints,
    ...(region ? { region } : {}),
    ...(label ? { label } : {}),
    ...(task ? { task } : {}),
    ...(from > 0 ? { from } : {}),
  };
  return answer(client.GET("/api/v1/runs/{id}/series", { params: { path: { id }, query } }));
}

export const startRun = (scenario: string, note?: string) =>
  answer(client.POST("/api/v1/runs", { body: { scenario, ...(note ? { note } : {}) } }));

export const deleteRun = (id: string) => answer(client.DELETE("/api/v1/runs/{id}", path(id)));

export type StopMode = "drain" | "now";

export const stopRun = (id: string, mode: StopMode) =>
  answer(client.POST("/api/v1/runs/{id}/stop", { ...path(id), body: { mode } }));

export const pauseRun = (id: string) => answer(client.POST("/api/v1/runs/{id}/pause", path(id)));
export const resumeRun = (id: string) => answer(client.POST("/api/v1/runs/{id}/resume", path(id)));

export type LoadChange =
  | { total_users: number }
  | { users: number }
  | { rate: number }
  | { tasks: number; region?: string };

export const changeLoad = (id: string, change: LoadChange) =>
  answer(client.POST("/api/v1/runs/{id}/load", { ...path(id), body: change }));

/** Addresses that the browser opens itself. */
export const liveURL = (id: string) => `/api/v1/runs/${encodeURIComponent(id)}/live`;
export const reportURL = (id: string) => `/api/v1/runs/${encodeURIComponent(id)}/report`;
export const parquetURL = (id: string) => `/api/v1/runs/${encodeURIComponent(id)}/series.parquet`;
export const taskLogURL = (id: string, task: string) =>
  `/api/v1/runs/${encodeURIComponent(id)}/tasks/${encodeURIComponent(task)}/log`;

/** The files that a run's tasks left; they come with the end of each task. */
export const artifactsQuery = (id: string, live: boolean) =>
  queryOptions({
    queryKey: ["run", id, "artifacts", live],
    queryFn: async () => (await answer(client.GET("/api/v1/runs/{id}/artifacts", path(id)))).artifacts,
    refetchInterval: live ? 10_000 : false,
  });

export const artifactURL = (id: string, task: string, name: string) =>
  `/api/v1/runs/${encodeURIComponent(id)}/tasks/${encodeURIComponent(task)}/artifact?name=${encodeURIComponent(name)}`;
