import { Checkbox, Drawer, TextInput } from "@mantine/core";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { taskLogURL } from "../../api/runs";
import { type LogState, TaskLog } from "../../api/tasklog";
import { count } from "../../lib/format";
import { cut, type LogBlock } from "../../lib/loglines";
import { Icon } from "../Icon";
import classes from "./LogPanel.module.css";

interface Props {
  run: string;
  /** Undefined: no log is looked at. */
  task: string | undefined;
  close: () => void;
}

/** What a task writes, as it writes it. */
export function LogPanel({ run, task, close }: Props) {
  return (
    <Drawer
      opened={task !== undefined}
      onClose={close}
      position="bottom"
      size="auto"
      title={task && `Log of ${task}`}
      styles={{ body: { padding: 0 } }}
      closeButtonProps={{ "aria-label": "Close the log" }}
    >
      {task !== undefined && <Log key={task} run={run} task={task} />}
    </Drawer>
  );
}

function Log({ run, task }: { run: string; task: string }) {
  const log = useTaskLog(run, task);
  const [search, setSearch] = useState("");
  const [following, setFollowing] = useState(true);
  const [wrap, setWrap] = useState(false);
  const box = useRef<HTMLElement>(null);
  const { blocks, total, dropped } = log.lines;
  const shown = useMemo(() => (search === "" ? blocks : log.lines.matching(search)), [log, blocks, search]);

  useLayoutEffect(() => {
    if (following && box.current && shown) box.current.scrollTop = box.current.scrollHeight;
  }, [following, shown]);

  // Scrolling up holds the log still; scrolling to its end follows it again.
  const scrolled = () => {
    const at = box.current;
    if (at) setFollowing(at.scrollHeight - at.scrollTop - at.clientHeight < 24);
  };
  const found = search === "" ? undefined : shown.reduce((n, b) => n + b.lines.length, 0);
  return (
    <>
      <div className={classes.bar}>
        <TextInput
          size="xs"
          w={240}
          aria-label="Search the log"
          placeholder="Search the log"
          leftSection={<Icon name="search" size={14} />}
          value={search}
          onChange={(e) => setSearch(e.currentTarget.value)}
        />
        <Checkbox
          size="xs"
          label="Follow"
          checked={following}
          onChange={(e) => setFollowing(e.currentTarget.checked)}
        />
        <Checkbox size="xs" label="Wrap lines" checked={wrap} onChange={(e) => setWrap(e.currentTarget.checked)} />
        <a className="link" href={taskLogURL(run, task)} target="_blank" rel="noreferrer">
          whole log
        </a>
        <span className={classes.state} role="status">
          {found !== undefined && `${count(found)} of `}
          {count(total - dropped)} lines · {words[log.state]}
        </span>
      </div>
      <section
        ref={box}
        className={`${classes.log} ${wrap ? classes.wrap : ""}`}
        onScroll={scrolled}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keys too
        tabIndex={0}
        aria-label={`Log of ${task}`}
      >
        {dropped > 0 && <div className={classes.note}>{count(dropped)} earlier lines are in the whole log</div>}
        {shown.map((block) => (
          <Block key={block.first} block={block} search={search} />
        ))}
        {total === 0 && <div className={classes.note}>{log.state === "none" ? "" : "Nothing was written yet."}</div>}
      </section>
    </>
  );
}

const words: Record<LogState, string> = {
  connecting: "connecting",
  open: "live",
  lost: "the server is away",
  ended: "the task has ended",
  none: "there is no log of this task",
};

/** Some lines; full blocks stay as they are, so they are drawn once. */
const Block = memo(function Block({ block, search }: { block: LogBlock; search: string }) {
  if (search === "") return <div className={classes.block}>{`${block.lines.join("\n")}\n`}</div>;
  return (
    <div>
      {block.lines.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no names but their places
        <div key={i}>
          {cut(line, search).map((part, j) =>
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no names but their places
            j % 2 === 1 ? <mark key={j}>{part}</mark> : part,
          )}
          {"\n"}
        </div>
      ))}
    </div>
  );
});

function useTaskLog(run: string, task: string): TaskLog {
  const log = useMemo(() => new TaskLog(run, task), [run, task]);
  useEffect(() => {
    log.open();
    return () => log.close();
  }, [log]);
  useSyncExternalStore(log.subscribe, () => log.version);
  return log;
}
