import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { errorText } from "../../api/errors";

/** A thing asked of the run; its failure is said, its success shows on the page. */
export function useAsk<T, R>(ask: (value: T) => Promise<R>, failed: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ask,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["run"] }),
    onError: (error) => notifications.show({ color: "red", title: failed, message: errorText(error) }),
  });
}
