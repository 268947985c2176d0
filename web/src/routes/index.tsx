import { createRoute, redirect } from "@tanstack/react-router";
import { appRoute } from "./root";

export const indexRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/scenarios" });
  },
});
