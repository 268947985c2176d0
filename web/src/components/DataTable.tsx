import { type ReactNode, useMemo, useState } from "react";
import classes from "./DataTable.module.css";

export interface Column<T> {
  key: string;
  head: ReactNode;
  cell: (row: T) => ReactNode;
  /** Makes the column sortable. */
  sort?: (row: T) => number | string;
  /** Figures stand right, words left. */
  right?: boolean;
  width?: number | string;
  /** Left out on phones. */
  wide?: boolean;
  /** Takes the room that is left, and shortens its text. */
  grow?: boolean;
}

interface Props<T> {
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  id: (row: T) => string;
  onRow?: ((row: T) => void) | undefined;
  selected?: ((row: T) => boolean) | undefined;
  first?: number;
}

/** DataTable is the one table of the console: dense, sortable, still while figures change. */
export function DataTable<T>({ label, rows, columns, id, onRow, selected, first = 50 }: Props<T>) {
  const [order, setOrder] = useState<{ key: string; down: boolean }>();
  const [all, setAll] = useState(false);
  const sorted = useMemo(() => sort(rows, columns, order), [rows, columns, order]);
  const shown = all ? sorted : sorted.slice(0, first);
  const turn = (column: Column<T>) =>
    setOrder((o) =>
      o?.key === column.key ? (o.down ? { key: column.key, down: false } : undefined) : { key: column.key, down: true },
    );
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((c) => (
              <th
                key={c.key}
                className={cellClass(c)}
                style={{ width: c.grow ? "100%" : c.width }}
                aria-sort={order?.key === c.key ? (order.down ? "descending" : "ascending") : undefined}
              >
                {c.sort ? (
                  <button type="button" className={classes.sort} onClick={() => turn(c)}>
                    {c.head}
                    <i>{order?.key === c.key ? (order.down ? "↓" : "↑") : ""}</i>
                  </button>
                ) : (
                  c.head
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr
              key={id(row)}
              className={onRow ? classes.click : undefined}
              data-selected={selected?.(row) || undefined}
              onClick={onRow && ((e) => !(e.target as Element).closest("a,button") && onRow(row))}
            >
              {columns.map((c) => (
                <td key={c.key} className={cellClass(c)}>
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > shown.length && (
        <button type="button" className={classes.more} onClick={() => setAll(true)}>
          Show all {sorted.length}
        </button>
      )}
    </div>
  );
}

function cellClass<T>(c: Column<T>): string {
  return [c.right && classes.right, c.wide && classes.wide, c.grow && classes.grow].filter(Boolean).join(" ");
}

function sort<T>(rows: readonly T[], columns: readonly Column<T>[], order: { key: string; down: boolean } | undefined) {
  const by = columns.find((c) => c.key === order?.key)?.sort;
  if (!by || !order) return rows;
  const sign = order.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (typeof x === "string" || typeof y === "string")
      return -sign * String(x).localeCompare(String(y), "en", { numeric: true });
    return sign * (x - y);
  });
}
