import type { ReactNode } from "react";
import classes from "./Section.module.css";

interface Props {
  title: string;
  count?: number | undefined;
  empty?: string | undefined;
  side?: ReactNode;
  children: ReactNode;
}

/** A titled panel of the run page. */
export function Section({ title, count, empty, side, children }: Props) {
  return (
    <section className={`panel ${classes.section}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {count !== undefined && count > 0 && <span className={classes.count}>{count}</span>}
        <div className={classes.side}>{side}</div>
      </header>
      {empty ? <p className={classes.empty}>{empty}</p> : children}
    </section>
  );
}
