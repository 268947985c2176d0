import { Button, Menu, Modal, NumberInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  changeLoad,
  deleteRun,
  parquetURL,
  pauseRun,
  reportURL,
  resumeRun,
  type StopMode,
  startRun,
  stopRun,
} from "../../api/runs";
import type { Run } from "../../api/types";
import { underWay, withoutLiveControl } from "../../lib/livetasks";
import { isPaused } from "../../lib/paused";
import type { RunView } from "../../lib/runview";
import { Icon } from "../Icon";
import page from "../Page.module.css";
import { useKeys } from "../useKeys";
import { useMayChange } from "../useMayChange";
import { TasksForm } from "./TasksForm";
import { useAsk } from "./useAsk";

/** What one can do with a run: steer it while it goes on, repeat it and take its figures afterwards. */
export function Controls({ run, view }: { run: Run; view: RunView }) {
  const mayChange = useMayChange();
  if (view.live) return mayChange ? <LiveControls run={run} view={view} /> : null;
  return (
    <div className={page.tools}>
      {mayChange && <Again run={run} />}
      <Downloads run={run} mayDelete={mayChange} />
    </div>
  );
}

function LiveControls({ run, view }: { run: Run; view: RunView }) {
  const [editing, setEditing] = useState(false);
  const paused = isPaused(run.changes);
  const byTasks = withoutLiveControl(run.spec.engine);
  const steerable = view.status === "running";
  const why = byTasks ? `${run.spec.engine} cannot pause: take tasks away, or stop the run` : undefined;
  const moving = byTasks ? underWay(view.tasks) : "";
  const stop = useAsk((mode: StopMode) => stopRun(run.id, mode), "The run was not stopped");
  const pause = useAsk(() => (paused ? resumeRun(run.id) : pauseRun(run.id)), "Nothing changed");
  useKeys(steerable ? { e: () => setEditing(true) } : {});
  return (
    <div className={page.tools}>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name={paused ? "play" : "pause"} size={14} />}
        disabled={!steerable || byTasks}
        title={why}
        loading={pause.isPending}
        onClick={() => pause.mutate(undefined)}
      >
        {paused ? "Resume" : "Pause"}
      </Button>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="sliders" size={14} />}
        disabled={!steerable}
        title={moving || undefined}
        onClick={() => setEditing(true)}
      >
        {byTasks ? "Change tasks" : "Change load"}
      </Button>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <Button
            size="xs"
            color="red.7"
            variant="filled"
            leftSection={<Icon name="stop" size={14} />}
            rightSection={<Icon name="chevron" size={14} />}
            loading={stop.isPending}
            disabled={view.status === "finishing"}
          >
            Stop
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => stop.mutate("drain")}>
            <b>Drain</b>
            <div className={page.sub}>No new requests; those in flight may end.</div>
          </Menu.Item>
          <Menu.Item onClick={() => stop.mutate("now")}>
            <b>Stop now</b>
            <div className={page.sub}>Cut off what is in flight. All that was measured is kept.</div>
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={editing}
        onClose={() => setEditing(false)}
        title={byTasks ? "Change the tasks" : "Change the load"}
        size="sm"
      >
        {byTasks ? (
          <TasksForm run={run} view={view} />
        ) : (
          <LoadForm run={run} view={view} close={() => setEditing(false)} />
        )}
      </Modal>
    </div>
  );
}

function LoadForm({ run, view, close }: { run: Run; view: RunView; close: () => void }) {
  const open = view.plan?.model === "open";
  const [level, setLevel] = useState<number | string>(
    Math.round((open ? view.last?.offered : view.last?.users) || (open ? view.plan?.rate : view.plan?.users) || 0),
  );
  const change = useAsk(
    (n: number) => changeLoad(run.id, open ? { rate: n } : { total_users: n }),
    "The load was not changed",
  );
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (typeof level === "number") change.mutate(level, { onSuccess: close });
      }}
    >
      <NumberInput
        label={open ? "Requests a second of the whole run" : "Users of the whole run"}
        description="Replaces the rest of the profile until the planned end, in all tasks at one instant."
        min={0}
        allowDecimal={open}
        thousandSeparator=","
        value={level}
        onChange={setLevel}
        data-autofocus
      />
      <Button type="submit" mt="md" fullWidth loading={change.isPending} disabled={typeof level !== "number"}>
        Change now
      </Button>
    </form>
  );
}

function Again({ run }: { run: Run }) {
  const navigate = useNavigate();
  const again = useAsk(() => startRun(run.scenario), "The run was not started");
  return (
    <Button
      size="xs"
      leftSection={<Icon name="repeat" size={14} />}
      loading={again.isPending}
      onClick={() =>
        again.mutate(undefined, {
          onSuccess: (started) => void navigate({ to: "/runs/$id", params: { id: started.id } }),
        })
      }
    >
      Run again
    </Button>
  );
}

function Downloads({ run, mayDelete }: { run: Run; mayDelete: boolean }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useAsk(() => deleteRun(run.id), "The run was not deleted");
  const gone = () => {
    void queries.invalidateQueries({ queryKey: ["runs"] });
    void navigate({ to: "/runs" });
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="default" size="xs" leftSection={<Icon name="download" size={14} />}>
          Downloads
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={reportURL(run.id)} download={`${run.scenario}-${run.id}.json`}>
          Report (JSON)
        </Menu.Item>
        <Menu.Item component="a" href={parquetURL(run.id)} download={`${run.scenario}-${run.id}.parquet`}>
          Series per second (Parquet)
        </Menu.Item>
        {mayDelete && (
          <>
            <Menu.Divider />
            <Menu.Item
              color="red"
              onClick={() => {
                if (window.confirm("Delete this run with all of its figures?"))
                  remove.mutate(undefined, { onSuccess: gone });
              }}
            >
              Delete run…
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
