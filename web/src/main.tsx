import "./styles";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { meQuery } from "./api/auth";
import { isUnauthorized } from "./api/client";
import { ApiError } from "./api/errors";
import { createAppRouter } from "./router";
import { theme } from "./theme";

// A session that has ended shows at any question: the route's own check then
// leads to the login and back.
const cache = new QueryCache({
  onError: (error, query) => {
    if (!isUnauthorized(error) || query.queryKey[0] === "me") return;
    queries.removeQueries(meQuery);
    void router.invalidate();
  },
});

const queries = new QueryClient({
  queryCache: cache,
  defaultOptions: {
    queries: {
      staleTime: 2000,
      // A server that says no will say so again; one that is away may come back.
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
});

const router = createAppRouter(queries);
const schemes = localStorageColorSchemeManager({ key: "onrush-colours" });

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemes}>
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
