import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createRoute, Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { errorText } from "../api/errors";
import { runsQuery } from "../api/runs";
import { deleteScenario, scenarioQuery } from "../api/scenarios";
import type { ScenarioRecord } from "../api/types";
import { Files } from "../components/editor/Files";
import { PlanPanel } from "../components/editor/PlanPanel";
import { useDraft } from "../components/editor/useDraft";
import { useSaveAndRun } from "../components/editor/useSaveAndRun";
import { YamlEditor } from "../components/editor/YamlEditor";
import { Icon } from "../components/Icon";
import page from "../components/Page.module.css";
import { RunsTable } from "../components/RunsTable";
import { Section } from "../components/run/Section";
import { Failure, RowsSkeleton } from "../components/States";
import { useMayChange } from "../components/useMayChange";
import { useTitle } from "../components/useTitle";
import { ago } from "../lib/format";
import { nameIn } from "../lib/scenario";
import classes from "./new.module.css";
import { appRoute } from "./root";

export const scenarioRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/scenarios/$name",
  component: Scenario,
});

function Scenario() {
  const { name } = scenarioRoute.useParams();
  useTitle(name);
  const scenario = useQuery(scenarioQuery(name));
  if (scenario.isError) {
    return (
      <div className="panel">
        <Failure error={scenario.error} what={`Scenario ${name}`} retry={() => void scenario.refetch()} />
      </div>
    );
  }
  if (!scenario.data) return <RowsSkeleton rows={10} />;
  return <Editor key={`${name}/${scenario.data.version}`} record={scenario.data} />;
}

function Editor({ record }: { record: ScenarioRecord }) {
  const runs = useQuery(runsQuery(record.name));
  const [source, setSource] = useState(record.source);
  const [files, setFiles] = useState(record.files ?? {});
  const draft = useMemo(() => ({ source, files }), [source, files]);
  const checked = useDraft(draft);
  const save = useSaveAndRun();
  const name = nameIn(source);
  const changed = source !== record.source || JSON.stringify(files) !== JSON.stringify(record.files ?? {});
  const mayChange = useMayChange();
  const ready = mayChange && checked.plan !== undefined && !checked.busy && name !== "";
  return (
    <>
      <div className={page.head}>
        <div>
          <div className={page.crumbs}>
            <Link to="/scenarios">Scenarios</Link> <span>/</span>
            <span>
              version {record.version}, {ago(record.updated)}
              {record.by && ` by ${record.by}`}
            </span>
          </div>
          <h1>{record.name}</h1>
        </div>
        <div className={page.tools}>
          {changed && name !== record.name && name !== "" && <span className="dim">saves as {name}</span>}
          {mayChange && <More name={record.name} />}
          <Button
            variant="default"
            disabled={!ready || !changed}
            loading={save.isPending && !save.variables?.run}
            onClick={() => save.mutate({ name, draft, run: false })}
          >
            Save
          </Button>
          <Button
            disabled={!ready}
            loading={save.isPending && save.variables?.run === true}
            leftSection={<Icon name="play" size={14} />}
            onClick={() => save.mutate({ name, draft, run: true })}
          >
            {changed ? "Save and run" : "Run"}
          </Button>
        </div>
      </div>
      <div className={classes.columns}>
        <div className={`panel ${classes.edit}`}>
          <Files files={files} onChange={setFiles} />
          <YamlEditor value={source} onChange={setSource} problems={checked.problems} />
        </div>
        <PlanPanel checked={checked} blank={source.trim() === ""} awaits="Write a scenario" />
      </div>
      <div style={{ marginTop: 12 }}>
        <Section title="Runs" count={runs.data?.length} empty={runs.data?.length === 0 ? "It never ran." : undefined}>
          {runs.isError ? (
            <Failure error={runs.error} what="The runs" retry={() => void runs.refetch()} />
          ) : runs.data ? (
            <RunsTable runs={runs.data} of={record.name} />
          ) : (
            <RowsSkeleton rows={3} />
          )}
        </Section>
      </div>
    </>
  );
}

function More({ name }: { name: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => deleteScenario(name),
    onSuccess: async () => {
      await navigate({ to: "/scenarios" });
      await queries.invalidateQueries({ queryKey: ["scenarios"] });
    },
    onError: (error) => notifications.show({ color: "red", title: "Not deleted", message: errorText(error) }),
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" color="gray" rightSection={<Icon name="chevron" size={14} />}>
          More
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          color="red"
          leftSection={<Icon name="trash" size={14} />}
          onClick={() => window.confirm(`Delete the scenario ${name}? Its runs stay.`) && remove.mutate()}
        >
          Delete scenario…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
