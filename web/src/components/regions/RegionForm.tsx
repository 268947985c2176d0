import { NativeSelect, NumberInput, TextInput } from "@mantine/core";
import type { DriverKind, Problem, Setting } from "../../api/types";
import { problemAt } from "../../lib/problems";
import type { RegionForm as Form, Pair } from "../../lib/region";
import { AddButton, Group, RemoveButton } from "../editor/ScenarioForm";
import classes from "../editor/ScenarioForm.module.css";

// What is said of a field stands below it: so the fields of a row are in line.
const below = {
  inputWrapperOrder: ["label", "input", "description", "error"] as ("label" | "input" | "description" | "error")[],
};

interface Props {
  form: Form;
  change: (part: Partial<Form>) => void;
  problems: readonly Problem[];
  drivers: readonly DriverKind[];
  fresh: boolean;
}

/** The form of a region; the driver's part is made from what the driver says of its settings. */
export function RegionForm(props: Props) {
  const { form, change, problems, drivers, fresh } = props;
  const driver = drivers.find((d) => d.name === form.driver);
  return (
    <div className={classes.form}>
      <div className={classes.pairs}>
        <TextInput
          {...below}
          label="Name"
          description="Letters, digits, - and _"
          disabled={!fresh}
          autoFocus={fresh}
          value={form.name}
          onChange={(e) => change({ name: e.currentTarget.value })}
          error={problemAt(problems, "name")}
        />
        <NativeSelect
          {...below}
          label="Driver"
          description={driver?.summary ?? "What starts its tasks"}
          data={drivers.map((d) => d.name)}
          value={form.driver}
          onChange={(e) => change({ driver: e.currentTarget.value })}
          error={problemAt(problems, "driver")}
        />
      </div>
      {driver && driver.settings.length > 0 && (
        <Group
          title={`Settings of ${driver.name}`}
          hint="They hold no secrets: credentials come from the platform's usual places."
        >
          <div className={classes.pairs}>
            {driver.settings.map((s) => (
              <SettingField
                key={s.name}
                setting={s}
                value={form.settings[s.name] ?? ""}
                onChange={(value) => change({ settings: { ...form.settings, [s.name]: value } })}
                error={problemAt(problems, `settings.${s.name}`)}
              />
            ))}
          </div>
        </Group>
      )}
      <Tasks {...props} />
      <Images {...props} />
      <Place {...props} />
    </div>
  );
}

interface SettingProps {
  setting: Setting;
  value: string;
  onChange: (value: string) => void;
  error: string | undefined;
}

function SettingField({ setting, value, onChange, error }: SettingProps) {
  const common = {
    ...below,
    label: setting.name,
    description: setting.help,
    value,
    error,
    withAsterisk: setting.required ?? false,
  };
  if (setting.allowed && setting.allowed.length > 0) {
    const unset = setting.default ? `${setting.default} (default)` : "default";
    return (
      <NativeSelect
        {...common}
        data={[{ value: "", label: setting.required ? "" : unset }, ...setting.allowed]}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput
      {...common}
      placeholder={setting.default || (setting.example ? `e.g. ${setting.example}` : "")}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}

function Tasks({ form, change, problems }: Props) {
  const number = (value: string | number) => (typeof value === "number" ? value : "");
  return (
    <Group title="Tasks" hint="What is empty is left to the driver.">
      <div className={classes.three}>
        <NumberInput
          {...below}
          label="At once"
          description="of all runs"
          allowDecimal={false}
          thousandSeparator=","
          value={form.limit}
          onChange={(v) => change({ limit: number(v) })}
          error={problemAt(problems, "limit")}
        />
        <NumberInput
          {...below}
          label="Of one run"
          description="at most"
          allowDecimal={false}
          thousandSeparator=","
          value={form.runLimit}
          onChange={(v) => change({ runLimit: number(v) })}
          error={problemAt(problems, "run_limit")}
        />
        <NumberInput
          {...below}
          label="Users of one task"
          description="at most"
          allowDecimal={false}
          thousandSeparator=","
          value={form.usersPerTask}
          onChange={(v) => change({ usersPerTask: number(v) })}
          error={problemAt(problems, "users_per_task")}
        />
      </div>
      <div className={classes.pairs}>
        <NumberInput
          {...below}
          label="Cores of each"
          value={form.cpu}
          onChange={(v) => change({ cpu: number(v) })}
          error={problemAt(problems, "cpu")}
        />
        <TextInput
          {...below}
          label="Memory of each"
          placeholder="e.g. 2GiB"
          value={form.memory}
          onChange={(e) => change({ memory: e.currentTarget.value })}
          error={problemAt(problems, "memory")}
        />
      </div>
    </Group>
  );
}

function Images({ form, change, problems }: Props) {
  if (form.driver === "local") return null; // a program of the machine has no image
  return (
    <Group title="Images">
      <TextInput
        {...below}
        label="Image"
        description="Empty: the driver's own"
        value={form.image}
        onChange={(e) => change({ image: e.currentTarget.value })}
        error={problemAt(problems, "image")}
      />
      <Pairs
        what="Image for an engine"
        keyLabel="Engine"
        valueLabel="Image"
        pairs={form.images}
        onChange={(images) => change({ images })}
        error={(key) => problemAt(problems, `images.${key}`)}
      />
    </Group>
  );
}

function Place({ form, change, problems }: Props) {
  return (
    <Group title="Place">
      <div className={classes.pairs}>
        <TextInput
          {...below}
          label="Location"
          description="Latitude, longitude: a dot on the map"
          placeholder="e.g. 50.1,8.7"
          value={form.location}
          onChange={(e) => change({ location: e.currentTarget.value })}
          error={problemAt(problems, "labels.location")}
        />
        <TextInput
          {...below}
          label="Provider's region"
          description="By whose prices it is billed"
          placeholder="e.g. eu-central-1"
          value={form.providerRegion}
          onChange={(e) => change({ providerRegion: e.currentTarget.value })}
          error={problemAt(problems, "labels.provider_region")}
        />
      </div>
      <TextInput
        {...below}
        label="Server's URL for its tasks"
        description="Empty: the public one"
        placeholder="https://onrush.example.com"
        value={form.server}
        onChange={(e) => change({ server: e.currentTarget.value })}
        error={problemAt(problems, "server")}
      />
      <Pairs
        what="Label"
        keyLabel="Label"
        valueLabel="Value"
        pairs={form.labels}
        onChange={(labels) => change({ labels })}
        error={(key) => problemAt(problems, `labels.${key}`, `labels["${key}"]`)}
      />
    </Group>
  );
}

interface PairsProps {
  what: string;
  keyLabel: string;
  valueLabel: string;
  pairs: readonly Pair[];
  onChange: (pairs: Pair[]) => void;
  error: (key: string) => string | undefined;
}

// Rows have no name of their own: their place is what they are known by.
const rowKey = (what: string, i: number) => `${what}-${i}`;

function Pairs({ what, keyLabel, valueLabel, pairs, onChange, error }: PairsProps) {
  const put = (at: number, part: Partial<Pair>) => onChange(pairs.map((p, i) => (i === at ? { ...p, ...part } : p)));
  return (
    <>
      {pairs.map((p, i) => (
        <div key={rowKey(what, i)} className={classes.row}>
          <TextInput
            aria-label={keyLabel}
            placeholder={keyLabel}
            className={classes.key ?? ""}
            value={p.key}
            onChange={(e) => put(i, { key: e.currentTarget.value })}
            error={p.key ? error(p.key) : undefined}
          />
          <TextInput
            aria-label={valueLabel}
            placeholder={valueLabel}
            className={classes.wide ?? ""}
            value={p.value}
            onChange={(e) => put(i, { value: e.currentTarget.value })}
          />
          <RemoveButton
            label={`Remove ${what.toLowerCase()}`}
            onClick={() => onChange(pairs.filter((_, at) => at !== i))}
          />
        </div>
      ))}
      <AddButton onClick={() => onChange([...pairs, { key: "", value: "" }])}>{what}</AddButton>
    </>
  );
}
