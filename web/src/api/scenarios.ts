import { queryOptions } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { Problem } from "./types";

/** A scenario's text with the files that it names (path to content hash). */
export interface Draft {
  source: string;
  files?: Record<string, string>;
}

export const scenariosQuery = queryOptions({
  queryKey: ["scenarios"],
  queryFn: async () =>
    (await answer(client.GET("/api/v1/scenarios", { params: { query: { limit: 1000 } } }))).scenarios,
  refetchInterval: (query) =>
    query.state.data?.some((s) => s.last_run && s.last_run.status !== "ended") ? 2000 : 15_000,
});

export const scenarioQuery = (name: string) =>
  queryOptions({
    queryKey: ["scenarios", name],
    queryFn: () => answer(client.GET("/api/v1/scenarios/{name}", { params: { path: { name } } })),
  });

export const saveScenario = (name: string, draft: Draft) =>
  answer(client.PUT("/api/v1/scenarios/{name}", { params: { path: { name } }, body: draft }));

export const deleteScenario = (name: string) =>
  answer(client.DELETE("/api/v1/scenarios/{name}", { params: { path: { name } } }));

/** Every fault of a draft, without saving it; none when it can run. */
export async function checkScenario(draft: Draft, signal?: AbortSignal): Promise<Problem[]> {
  const found = await answer(client.POST("/api/v1/scenarios/check", { body: draft, ...(signal ? { signal } : {}) }));
  return found.problems ?? [];
}

export const planScenario = (draft: Draft, signal?: AbortSignal) =>
  answer(client.POST("/api/v1/plan", { body: draft, ...(signal ? { signal } : {}) }));

export const uploadFile = (file: Blob) =>
  answer(
    client.POST("/api/v1/files", {
      body: file as unknown as string, // described as a binary string
      bodySerializer: (body: unknown) => body as BodyInit,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  );

/** Keeps a script with the files beside it, each under its path, and says what it is. */
export const uploadScript = (files: readonly File[]) =>
  answer(
    client.POST("/api/v1/scripts", {
      body: { file: [] }, // the form below holds them
      bodySerializer: () => {
        const form = new FormData();
        for (const f of files) form.append("file", f, f.webkitRelativePath || f.name);
        return form;
      },
    }),
  );
