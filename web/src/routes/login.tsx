import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createRoute, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { logIn, meQuery } from "../api/auth";
import { ApiError, errorText } from "../api/errors";
import { Icon } from "../components/Icon";
import classes from "./login.module.css";
import { rootRoute } from "./root";

export const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  component: Login,
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    // Only our own pages: never a way to send people elsewhere.
    const next = typeof search.next === "string" && /^\/(?![/\\])/.test(search.next) ? search.next : undefined;
    return next ? { next } : {};
  },
});

function Login() {
  const { next } = loginRoute.useSearch();
  const router = useRouter();
  const queries = useQueryClient();
  const [name, setName] = useState("admin");
  const [password, setPassword] = useState("");
  const enter = useMutation({
    mutationFn: () => logIn(name, password),
    onSuccess: async () => {
      await queries.resetQueries(meQuery);
      router.history.push(next ?? "/scenarios");
    },
  });
  const wait = useWait(enter.error);
  useEffect(() => {
    document.title = "Log in · Onrush";
  }, []);
  return (
    <div className={classes.page}>
      <form
        className={`panel ${classes.card}`}
        onSubmit={(e) => {
          e.preventDefault();
          enter.mutate();
        }}
      >
        <div className={classes.brand}>
          <span>
            <Icon name="flow" size={22} />
          </span>
          Onrush
        </div>
        <TextInput
          label="Name"
          name="username"
          autoComplete="username"
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          required
          withAsterisk={false}
          data-autofocus
          autoFocus
        />
        <p className={classes.error} role="alert">
          {enter.error ? loginError(enter.error, wait) : ""}
        </p>
        <Button type="submit" size="md" fullWidth loading={enter.isPending} disabled={wait > 0}>
          Log in
        </Button>
        <p className={classes.hint}>The first login was printed when the server started for the first time.</p>
      </form>
    </div>
  );
}

function loginError(error: unknown, wait: number): string {
  if (error instanceof ApiError && error.status === 429) {
    return wait > 0 ? `Too many tries. Try again in ${wait} s.` : "Too many tries. You can try again now.";
  }
  if (error instanceof ApiError && error.status === 401) return "Name or password is wrong.";
  return errorText(error);
}

/** Seconds left until the next try is allowed, counting down. */
function useWait(error: unknown): number {
  const asked = error instanceof ApiError && error.status === 429 ? error.retryAfter || 5 : 0;
  const [left, setLeft] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new error starts its own count
  useEffect(() => {
    setLeft(asked);
    if (asked === 0) return;
    const timer = setInterval(() => setLeft((n) => Math.max(0, n - 1)), 1000);
    return () => clearInterval(timer);
  }, [error, asked]);
  return left;
}
