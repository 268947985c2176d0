import { Button, NumberInput, Select, Text } from "@mantine/core";
import { useState } from "react";
import { changeLoad } from "../../api/runs";
import type { Run } from "../../api/types";
import { staying, underWay, usersOfATask } from "../../lib/livetasks";
import type { RunView } from "../../lib/runview";
import { useAsk } from "./useAsk";

const EVERYWHERE = "All regions";

/**
 * Adds tasks to a running run and takes some away, for engines without live
 * control. It stays open: what comes and goes is to be watched here.
 */
export function TasksForm({ run, view }: { run: Run; view: RunView }) {
  const regions = staying(view.plan);
  const [region, setRegion] = useState(EVERYWHERE);
  const now =
    region === EVERYWHERE ? regions.reduce((n, [, t]) => n + t, 0) : (regions.find(([r]) => r === region)?.[1] ?? 0);
  const [wanted, setWanted] = useState<number | string>(now);
  const change = useAsk(
    (tasks: number) => changeLoad(run.id, region === EVERYWHERE ? { tasks } : { tasks, region }),
    "The tasks were not changed",
  );
  const users = usersOfATask(view.plan);
  const least = region === EVERYWHERE || regions.length === 1 ? 1 : 0;
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (typeof wanted === "number") change.mutate(wanted);
      }}
    >
      {regions.length > 1 && (
        <Select
          label="Where"
          mb="sm"
          allowDeselect={false}
          data={[EVERYWHERE, ...regions.map(([name]) => name)]}
          value={region}
          onChange={(to) => {
            const chosen = to ?? EVERYWHERE;
            setRegion(chosen);
            setWanted(
              chosen === EVERYWHERE
                ? regions.reduce((n, [, t]) => n + t, 0)
                : (regions.find(([r]) => r === chosen)?.[1] ?? 0),
            );
          }}
        />
      )}
      <NumberInput
        label={region === EVERYWHERE ? "Tasks of the whole run" : `Tasks in ${region}`}
        description={`${run.spec.engine} has no live control: 1 task more starts ${
          users === undefined ? "the users of a planned task" : `${users} ${users === 1 ? "user" : "users"} more`
        } of the script, from its start. The newest tasks leave first.`}
        min={least}
        max={10_000}
        allowDecimal={false}
        value={wanted}
        onChange={setWanted}
        data-autofocus
      />
      <Text size="xs" c="dimmed" mt="xs" mih={20} aria-live="polite">
        {underWay(view.tasks)}
      </Text>
      <Button
        type="submit"
        mt="sm"
        fullWidth
        loading={change.isPending}
        disabled={typeof wanted !== "number" || wanted === now}
      >
        {typeof wanted === "number" && wanted < now ? "Take tasks away" : "Start tasks"}
      </Button>
    </form>
  );
}
