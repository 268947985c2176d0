import { useQuery } from "@tanstack/react-query";
import { artifactsQuery, artifactURL } from "../../api/runs";
import { bytes } from "../../lib/format";
import { Section } from "./Section";
import classes from "./Section.module.css";

/** The files that the tasks left: their tools' logs and what scripts wrote. */
export function Artifacts({ run, live }: { run: string; live: boolean }) {
  const { data } = useQuery(artifactsQuery(run, live));
  if (!data || data.length === 0) return null;
  return (
    <Section title="Files that the tasks left" count={data.length}>
      <dl className={classes.facts}>
        {data.map((a) => (
          <File key={`${a.task}/${a.name}`} run={run} task={a.task} name={a.name} size={a.size} />
        ))}
      </dl>
    </Section>
  );
}

function File({ run, task, name, size }: { run: string; task: string; name: string; size: number }) {
  return (
    <>
      <dt>
        <span className="dim">{task}</span>{" "}
        <a className="link" href={artifactURL(run, task, name)} download>
          {name}
        </a>
      </dt>
      <dd>{bytes(size)}</dd>
    </>
  );
}
