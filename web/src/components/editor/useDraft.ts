import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { problemsOf } from "../../api/errors";
import { checkScenario, type Draft, planScenario } from "../../api/scenarios";
import type { Plan, Problem } from "../../api/types";

export interface Checked {
  problems: Problem[];
  plan: Plan | undefined;
  /** What came before is still shown while the newest text is looked at. */
  busy: boolean;
  error: unknown;
}

/** What the server says of a draft as it is written: every fault with its line, or the plan. */
export function useDraft(draft: Draft): Checked {
  // Compared by content: the same text in a new object is no news.
  const text = JSON.stringify(draft);
  const [calm] = useDebouncedValue(text, 300);
  const settled = useMemo(() => JSON.parse(calm) as Draft, [calm]);
  const blank = settled.source.trim() === "";
  const check = useQuery({
    queryKey: ["check", settled],
    queryFn: ({ signal }) => checkScenario(settled, signal),
    enabled: !blank,
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });
  const valid = check.data?.length === 0 && !check.isPlaceholderData && !blank;
  const plan = useQuery({
    queryKey: ["plan", settled],
    queryFn: ({ signal }) => planScenario(settled, signal),
    enabled: valid,
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });
  const refused = problemsOf(plan.error);
  return {
    problems: blank ? [] : (check.data?.length ?? 0) > 0 ? (check.data ?? []) : refused,
    plan: valid && !plan.error ? plan.data : undefined,
    busy: check.isFetching || plan.isFetching || calm !== text,
    error: check.error ?? (refused.length === 0 ? plan.error : undefined),
  };
}
