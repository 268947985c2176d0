import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { errorText } from "../api/errors";
import { Icon, type IconName } from "./Icon";
import classes from "./States.module.css";

interface EmptyProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** What stands where there is nothing yet: what belongs here and the way to get it. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className={classes.empty}>
      <span className={classes.badge}>
        <Icon name={icon} size={22} />
      </span>
      <h2>{title}</h2>
      {children && <div className={classes.words}>{children}</div>}
      {action}
    </div>
  );
}

/** What could not be had, why, and a way to try again. */
export function Failure({ error, retry, what }: { error: unknown; retry?: () => void; what: string }) {
  return (
    <div className={classes.empty} role="alert">
      <span className={`${classes.badge} ${classes.bad}`}>
        <Icon name="alert" size={22} />
      </span>
      <h2>{what} cannot be shown</h2>
      <div className={classes.words}>{errorText(error)}</div>
      {retry && (
        <Button variant="default" size="xs" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Rows in the place where a list's rows will be. */
export function RowsSkeleton({ rows = 6, height = 44 }: { rows?: number; height?: number }) {
  return (
    <div role="status" aria-busy="true" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => i + 1).map((i) => (
        <div key={i} className={classes.row} style={{ height }}>
          <Skeleton height={12} width={`${46 - ((i * 7) % 20)}%`} radius="sm" />
        </div>
      ))}
    </div>
  );
}
