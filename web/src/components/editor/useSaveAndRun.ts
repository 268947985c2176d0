import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { errorText } from "../../api/errors";
import { startRun } from "../../api/runs";
import { type Draft, saveScenario } from "../../api/scenarios";

/** Saves a draft under its name, and starts it when asked to. */
export function useSaveAndRun() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: async ({ name, draft, run }: { name: string; draft: Draft; run: boolean }) => {
      await saveScenario(name, draft);
      return run ? await startRun(name) : undefined;
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["scenarios"] });
      void queries.invalidateQueries({ queryKey: ["runs"] });
    },
    onSuccess: (run, { name }) =>
      run
        ? navigate({ to: "/runs/$id", params: { id: run.id } })
        : navigate({ to: "/scenarios/$name", params: { name } }),
    onError: (error) => notifications.show({ color: "red", title: "Not done", message: errorText(error) }),
  });
}
