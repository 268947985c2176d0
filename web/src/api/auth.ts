import { queryOptions } from "@tanstack/react-query";
import { answer, client } from "./client";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => answer(client.GET("/api/v1/me")),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

export const logIn = (name: string, password: string) =>
  answer(client.POST("/api/v1/login", { body: { name, password } }));

export const logOut = () => answer(client.POST("/api/v1/logout"));

export const versionQuery = queryOptions({
  queryKey: ["version"],
  queryFn: () => answer(client.GET("/api/v1/version")),
  staleTime: Number.POSITIVE_INFINITY,
});
