import type { QueryClient } from "@tanstack/react-query";
import { createRouter } from "@tanstack/react-router";
import { Failure, RowsSkeleton } from "./components/States";
import { indexRoute } from "./routes/index";
import { loginRoute } from "./routes/login";
import { newRoute } from "./routes/new";
import { regionRoute } from "./routes/region";
import { regionEditRoute, regionNewRoute } from "./routes/regionform";
import { regionsRoute } from "./routes/regions";
import { appRoute, rootRoute } from "./routes/root";
import { runRoute } from "./routes/run";
import { runsRoute } from "./routes/runs";
import { scenarioRoute } from "./routes/scenario";
import { scenariosRoute } from "./routes/scenarios";

const tree = rootRoute.addChildren([
  loginRoute,
  appRoute.addChildren([
    indexRoute,
    scenariosRoute,
    scenarioRoute,
    newRoute,
    runsRoute,
    runRoute,
    regionsRoute,
    regionNewRoute,
    regionRoute,
    regionEditRoute,
  ]),
]);

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultPendingComponent: () => <RowsSkeleton />,
    defaultErrorComponent: ({ error, reset }) => <Failure error={error} retry={reset} what="This page" />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
