import type { Problem } from "./types";

/** What the server answered when it did not do what was asked (RFC 9457), or that it could not be reached. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly problems: Problem[] = [],
    /** Seconds to wait before the next try; 0 when the server did not say. */
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

interface ProblemBody {
  detail?: string;
  title?: string;
  code?: string;
  problems?: Problem[] | null;
}

export function toApiError(body: unknown, response: Response): ApiError {
  const b = (typeof body === "object" && body !== null ? body : {}) as ProblemBody;
  const message = b.detail || b.title || `The server answered ${response.status} ${response.statusText}`.trim();
  const wait = Number(response.headers.get("Retry-After") ?? 0);
  return new ApiError(message, response.status, b.code ?? "", b.problems ?? [], Number.isFinite(wait) ? wait : 0);
}

/** The words to show for any error. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  if (error instanceof TypeError) return "The server cannot be reached.";
  return error instanceof Error ? error.message : String(error);
}

/** The faults that an error carries, each with its place in the scenario. */
export function problemsOf(error: unknown): Problem[] {
  return error instanceof ApiError ? error.problems : [];
}
