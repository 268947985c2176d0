import { NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { problemAt } from "../../lib/problems";
import { AddButton, type FormProps, Group, RemoveButton } from "./ScenarioForm";
import classes from "./ScenarioForm.module.css";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

const replaced = <T,>(list: readonly T[], at: number, part: Partial<T>): T[] =>
  list.map((item, i) => (i === at ? { ...item, ...part } : item));
const removed = <T,>(list: readonly T[], at: number): T[] => list.filter((_, i) => i !== at);

// Rows have no name of their own: their place is what they are known by.
const rowKey = (kind: string, i: number) => `${kind}-${i}`;

export function Requests({ form, change, problems }: FormProps) {
  const { requests } = form;
  return (
    <Group title={requests.length > 1 ? "Requests, in this order" : "Request"}>
      {requests.map((r, i) => (
        <div key={rowKey("request", i)} className={classes.row}>
          <NativeSelect
            aria-label="Method"
            className={classes.method ?? ""}
            data={methods}
            value={r.method}
            onChange={(e) => change({ requests: replaced(requests, i, { method: e.currentTarget.value }) })}
          />
          <TextInput
            aria-label="URL"
            className={classes.wide ?? ""}
            placeholder="https://staging.example.com/"
            data-search={i === 0 || undefined}
            autoFocus={i === 0 && r.url === ""}
            value={r.url}
            onChange={(e) => change({ requests: replaced(requests, i, { url: e.currentTarget.value }) })}
            error={problemAt(problems, `requests[${i}]`)}
          />
          {requests.length > 1 && (
            <RemoveButton label="Remove request" onClick={() => change({ requests: removed(requests, i) })} />
          )}
        </div>
      ))}
      <AddButton onClick={() => change({ requests: [...requests, { method: "GET", url: "" }] })}>Request</AddButton>
    </Group>
  );
}

export function Regions({ form, change, problems, regions: known }: FormProps) {
  const { regions } = form;
  const names = [...new Set([...known.map((r) => r.name), ...regions.map((r) => r.name)])];
  const free = names.find((name) => !regions.some((r) => r.name === name));
  return (
    <Group title="Regions">
      {regions.map((r, i) => (
        <div key={rowKey("region", i)} className={classes.row}>
          <NativeSelect
            aria-label="Region"
            className={classes.wide ?? ""}
            data={names}
            value={r.name}
            onChange={(e) => change({ regions: replaced(regions, i, { name: e.currentTarget.value }) })}
            error={problemAt(problems, `regions[${i}].name`)}
          />
          <span className={classes.times}>×</span>
          <NumberInput
            aria-label="Tasks"
            className={classes.small ?? ""}
            min={1}
            allowDecimal={false}
            suffix={r.tasks === 1 ? " task" : " tasks"}
            value={r.tasks}
            onChange={(v) => typeof v === "number" && change({ regions: replaced(regions, i, { tasks: v }) })}
            error={problemAt(problems, `regions[${i}].tasks`)}
          />
          {regions.length > 1 && (
            <RemoveButton label="Remove region" onClick={() => change({ regions: removed(regions, i) })} />
          )}
        </div>
      ))}
      {free && (
        <AddButton onClick={() => change({ regions: [...regions, { name: free, tasks: 1 }] })}>Region</AddButton>
      )}
    </Group>
  );
}

const examples = ["p99 < 1s", "rate > 45/s", "p95 < 300ms for 10s", "failures < 5% for 10s, stop"];

export function Criteria({ form, change, problems }: FormProps) {
  const { criteria } = form;
  const example = examples.find((e) => !criteria.includes(e)) ?? "";
  return (
    <Group
      title="Passed when"
      hint="A percentile, mean, rate or failures; add “for 10s” to judge every ten seconds, “, stop” to end the run."
    >
      {criteria.map((c, i) => (
        <div key={rowKey("criterion", i)} className={classes.row}>
          <TextInput
            aria-label="Criterion"
            className={classes.wide ?? ""}
            classNames={{ input: "mono" }}
            value={c}
            onChange={(e) => change({ criteria: criteria.map((old, n) => (n === i ? e.currentTarget.value : old)) })}
            error={problemAt(problems, `criteria[${i}]`)}
          />
          <RemoveButton label="Remove criterion" onClick={() => change({ criteria: removed(criteria, i) })} />
        </div>
      ))}
      <AddButton onClick={() => change({ criteria: [...criteria, example] })}>Criterion</AddButton>
    </Group>
  );
}
