import createClient from "openapi-fetch";
import { ApiError, toApiError } from "./errors";
import type { paths } from "./schema";

/** The one HTTP client of the console. The session travels as a cookie. */
export const client = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** Unwraps an answer: its data, or a thrown ApiError. */
export async function answer<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw toApiError(error, response);
}

export const isUnauthorized = (error: unknown) => error instanceof ApiError && error.status === 401;
