import { queryOptions } from "@tanstack/react-query";
import { answer, client } from "./client";
import { ApiError } from "./errors";
import type { Region, RegionCheck } from "./types";

const path = (name: string) => ({ params: { path: { name } } });

export const regionsQuery = queryOptions({
  queryKey: ["regions"],
  queryFn: async () => (await answer(client.GET("/api/v1/regions"))).regions,
  // Lists show checks that go on.
  refetchInterval: (query) => (query.state.data?.some((r) => r.check?.state === "running") ? 2000 : 30_000),
});

export const regionQuery = (name: string) =>
  queryOptions({
    queryKey: ["regions", name],
    queryFn: () => answer(client.GET("/api/v1/regions/{name}", path(name))),
  });

/** What a region holds now. Platforms are asked each time, so not too often. */
export const capacityQuery = (name: string) =>
  queryOptions({
    queryKey: ["regions", name, "capacity"],
    queryFn: () => answer(client.GET("/api/v1/regions/{name}/capacity", path(name))),
    refetchInterval: 10_000,
  });

/** A region's newest check; null when it was not checked since its last change. */
export const checkQuery = (name: string) =>
  queryOptions({
    queryKey: ["regions", name, "check"],
    queryFn: async (): Promise<RegionCheck | null> => {
      try {
        return await answer(client.GET("/api/v1/regions/{name}/check", path(name)));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    refetchInterval: (query) => (query.state.data?.state === "running" ? 400 : false),
  });

/** Each region's latest look for tasks that run for nobody; it comes every hour. */
export const sweepsQuery = queryOptions({
  queryKey: ["sweeps"],
  queryFn: async () => (await answer(client.GET("/api/v1/sweeps"))).sweeps,
  staleTime: 60_000,
  refetchInterval: 60_000,
});

export const driversQuery = queryOptions({
  queryKey: ["drivers"],
  queryFn: async () => (await answer(client.GET("/api/v1/drivers"))).drivers,
  staleTime: Number.POSITIVE_INFINITY,
});

export const saveRegion = (region: Region) =>
  answer(client.PUT("/api/v1/regions/{name}", { ...path(region.name), body: region }));

export const removeRegion = (name: string, force: boolean) =>
  answer(
    client.DELETE("/api/v1/regions/{name}", { params: { path: { name }, ...(force ? { query: { force } } : {}) } }),
  );

export const startCheck = (name: string) => answer(client.POST("/api/v1/regions/{name}/check", path(name)));
