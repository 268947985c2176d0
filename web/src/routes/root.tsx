import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, Link, Outlet, redirect } from "@tanstack/react-router";
import { meQuery } from "../api/auth";
import { isUnauthorized } from "../api/client";
import { Shell } from "../components/Shell";
import { Empty } from "../components/States";

export const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: () => (
    <Empty icon="search" title="There is no such page">
      <Link to="/scenarios" className="link">
        Go to the scenarios
      </Link>
    </Empty>
  ),
});

/** Everything that needs a login. */
export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "app",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.ensureQueryData(meQuery);
    } catch (error) {
      if (isUnauthorized(error)) throw redirect({ to: "/login", search: { next: location.href } });
      throw error;
    }
  },
});
