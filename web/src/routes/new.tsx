import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createRoute, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { regionsQuery } from "../api/regions";
import { scenariosQuery } from "../api/scenarios";
import { Files } from "../components/editor/Files";
import { PlanPanel } from "../components/editor/PlanPanel";
import { ScenarioForm } from "../components/editor/ScenarioForm";
import { ScriptDrop } from "../components/editor/ScriptDrop";
import { useDraft } from "../components/editor/useDraft";
import { useSaveAndRun } from "../components/editor/useSaveAndRun";
import { YamlEditor } from "../components/editor/YamlEditor";
import { Icon } from "../components/Icon";
import page from "../components/Page.module.css";
import { useMayChange } from "../components/useMayChange";
import { useTitle } from "../components/useTitle";
import { emptyForm, type ScenarioForm as Form, nameFor, nameIn, toYAML } from "../lib/scenario";
import { nameForScript, scriptYAML, type Uploaded } from "../lib/script";
import classes from "./new.module.css";
import { appRoute } from "./root";

export const newRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/new",
  component: New,
  // Without the regions the first plan would be of a region that is not there.
  loader: ({ context }) =>
    Promise.all([context.queries.ensureQueryData(regionsQuery), context.queries.ensureQueryData(scenariosQuery)]),
  validateSearch: (search: Record<string, unknown>): { url?: string; tab?: "yaml" | "script" } => ({
    ...(typeof search.url === "string" && search.url !== "" ? { url: search.url } : {}),
    ...(search.tab === "yaml" || search.tab === "script" ? { tab: search.tab } : {}),
  }),
});

function New() {
  useTitle("New scenario");
  const search = newRoute.useSearch();
  const navigate = useNavigate({ from: "/new" });
  const regions = useQuery(regionsQuery).data ?? [];
  const scenarios = useQuery(scenariosQuery).data ?? [];
  const taken = useMemo(() => scenarios.map((s) => s.name), [scenarios]);
  const [form, setForm] = useState<Form>(() => ({
    ...emptyForm,
    requests: [{ method: "GET", url: search.url ?? "" }],
  }));
  const [yaml, setYAML] = useState<string>();
  const [files, setFiles] = useState<Record<string, string>>({});
  const [script, setScript] = useState<{ uploaded: Uploaded; entry: string }>();
  const save = useSaveAndRun();

  // The first known region stands in until one is chosen; the name follows the URL until it is written.
  const complete: Form = {
    ...form,
    name: form.name || nameFor(form.requests[0]?.url ?? "", taken),
    regions: form.regions === emptyForm.regions && regions[0] ? [{ name: regions[0].name, tasks: 1 }] : form.regions,
  };
  const asText = search.tab === "yaml";
  const asScript = search.tab === "script";
  const blank = asText
    ? (yaml ?? "").trim() === "" && (form.requests[0]?.url ?? "") === ""
    : (form.requests[0]?.url ?? "").trim() === "";
  const source = yaml ?? toYAML(complete);
  const draft = useMemo(() => ({ source: blank && !yaml ? "" : source, files }), [blank, yaml, source, files]);
  const checked = useDraft(draft);
  const name = yaml === undefined ? complete.name : nameIn(yaml);
  const mayChange = useMayChange();
  const ready = mayChange && checked.plan !== undefined && !checked.busy && name !== "";
  const go = (run: boolean) => save.mutate({ name, draft, run });
  const tab = (to: string) => {
    // Written text stays as it is; the form would lose what it cannot show.
    void navigate({ search: to === "yaml" || to === "script" ? { tab: to } : {}, replace: true });
  };
  const take = (uploaded: Uploaded, entry: string) => {
    setScript({ uploaded, entry });
    setFiles({ [uploaded.name]: uploaded.sha256 });
    setYAML(scriptYAML(nameForScript(uploaded.name, taken), uploaded, entry, regions[0]?.name ?? "local"));
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (ready) go(true);
      }}
    >
      <div className={page.head}>
        <h1>New scenario</h1>
        <SegmentedControl
          size="xs"
          data={[
            { value: "form", label: "Form" },
            { value: "script", label: "Script" },
            { value: "yaml", label: "YAML" },
          ]}
          value={search.tab ?? "form"}
          onChange={tab}
        />
        <div className={page.tools}>
          {taken.includes(name) && <span className="dim">changes the saved {name}</span>}
          <Button
            variant="default"
            disabled={!ready}
            loading={save.isPending && !save.variables?.run}
            onClick={() => go(false)}
          >
            Save
          </Button>
          <Button
            type="submit"
            disabled={!ready}
            loading={save.isPending && save.variables?.run === true}
            leftSection={<Icon name="play" size={14} />}
          >
            Run
          </Button>
        </div>
      </div>
      <div className={classes.columns}>
        <div className={`panel ${classes.edit}`}>
          {asText ? (
            <>
              <Files files={files} onChange={setFiles} />
              <YamlEditor value={yaml ?? (blank ? "" : source)} onChange={setYAML} problems={checked.problems} />
            </>
          ) : asScript ? (
            <ScriptDrop
              script={script?.uploaded}
              entry={script?.entry ?? ""}
              onScript={(uploaded) => take(uploaded, uploaded.entry)}
              onEntry={(entry) => script && take(script.uploaded, entry)}
            />
          ) : yaml !== undefined ? (
            <Detached back={() => tab("yaml")} discard={() => setYAML(undefined)} />
          ) : (
            <ScenarioForm
              form={complete}
              change={(part) => setForm((f) => ({ ...f, ...part }))}
              problems={blank ? [] : checked.problems}
              regions={regions}
            />
          )}
        </div>
        <PlanPanel checked={checked} blank={blank && !yaml} awaits={asScript ? "Drop a script" : "Paste a URL"} />
      </div>
    </form>
  );
}

function Detached({ back, discard }: { back: () => void; discard: () => void }) {
  return (
    <div className={classes.detached}>
      <p>This scenario was changed as text; the form cannot show all that a text can say.</p>
      <div className={page.tools}>
        <Button size="xs" onClick={back}>
          Go on as text
        </Button>
        <Button size="xs" variant="default" onClick={discard}>
          Drop the text and use the form
        </Button>
      </div>
    </div>
  );
}
