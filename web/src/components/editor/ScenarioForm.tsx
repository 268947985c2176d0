import { ActionIcon, Button, NumberInput, SegmentedControl, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { Problem, Region } from "../../api/types";
import { problemAt } from "../../lib/problems";
import type { ScenarioForm as Form } from "../../lib/scenario";
import { Icon } from "../Icon";
import { Criteria, Regions, Requests } from "./FormLists";
import classes from "./ScenarioForm.module.css";

export interface FormProps {
  form: Form;
  change: (part: Partial<Form>) => void;
  problems: readonly Problem[];
  regions: readonly Region[];
}

/** The short form: what to request, how hard, from where, and what counts as passed. */
export function ScenarioForm(props: FormProps) {
  const { form, change, problems } = props;
  const total = form.users * form.regions.reduce((sum, r) => sum + r.tasks, 0);
  return (
    <div className={classes.form}>
      <Requests {...props} />
      <Group title="Load">
        <SegmentedControl
          fullWidth
          data={[
            { value: "users", label: "Users (closed)" },
            { value: "rate", label: "Rate (open)" },
          ]}
          value={form.model}
          onChange={(model) => change({ model: model as Form["model"] })}
        />
        <div className={classes.three}>
          {form.model === "users" ? (
            <NumberInput
              label="Users in each task"
              description={`${total.toLocaleString("en-US")} in all`}
              min={1}
              allowDecimal={false}
              thousandSeparator=","
              value={form.users}
              onChange={(v) => typeof v === "number" && change({ users: v })}
              error={problemAt(problems, "load.users")}
            />
          ) : (
            <NumberInput
              label="Requests a second"
              description="of the whole run"
              min={0}
              thousandSeparator=","
              value={form.rate}
              onChange={(v) => typeof v === "number" && change({ rate: v })}
              error={problemAt(problems, "load.rate")}
            />
          )}
          <TextInput
            label="Ramp-up"
            description="from zero, e.g. 10s"
            value={form.rampUp}
            onChange={(e) => change({ rampUp: e.currentTarget.value })}
            error={problemAt(problems, "load.ramp_up")}
          />
          <TextInput
            label="Duration"
            description="ramp included, e.g. 1m30s"
            value={form.duration}
            onChange={(e) => change({ duration: e.currentTarget.value })}
            error={problemAt(problems, "load.duration")}
          />
        </div>
      </Group>
      <Regions {...props} />
      <Criteria {...props} />
      <Group title="Name">
        <TextInput
          aria-label="Name"
          value={form.name}
          onChange={(e) => change({ name: e.currentTarget.value })}
          error={problemAt(problems, "name")}
        />
      </Group>
    </div>
  );
}

/** A part of the form with its heading. */
export function Group({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <fieldset className={classes.group}>
      <legend>{title}</legend>
      {hint && <p className={classes.hint}>{hint}</p>}
      {children}
    </fieldset>
  );
}

export function AddButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <Button
      variant="subtle"
      size="compact-sm"
      className={classes.add ?? ""}
      leftSection={<Icon name="plus" size={14} />}
      onClick={onClick}
    >
      {children}
    </Button>
  );
}

export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={onClick}>
      <Icon name="cross" size={14} />
    </ActionIcon>
  );
}
