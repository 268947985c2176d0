import { useMemo, useRef } from "react";
import type { Problem } from "../../api/types";
import { byLine, problemText } from "../../lib/problems";
import classes from "./YamlEditor.module.css";

interface Props {
  value: string;
  onChange: (text: string) => void;
  problems: readonly Problem[];
}

/** A plain text field with line numbers; lines with faults are marked, and the faults stand below. */
export function YamlEditor({ value, onChange, problems }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => byLine(problems), [problems]);
  const count = value.split("\n").length;
  const goTo = (line: number) => {
    const element = area.current;
    if (!element) return;
    const start =
      value
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length + (line > 1 ? 1 : 0);
    element.focus();
    element.setSelectionRange(start, value.indexOf("\n", start) < 0 ? value.length : value.indexOf("\n", start));
    element.scrollTop = Math.max(0, (line - 6) * 20);
  };
  return (
    <div className={classes.editor}>
      <div className={classes.box}>
        <div ref={gutter} className={classes.gutter} aria-hidden="true">
          {Array.from({ length: count }, (_, i) => i + 1).map((n) => (
            <div key={n} data-bad={lines.has(n) || undefined} title={lines.get(n)?.map(problemText).join("\n")}>
              {n}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label="Scenario as YAML"
          aria-invalid={problems.length > 0}
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          wrap="off"
          value={value}
          onChange={(e) => onChange(e.currentTarget.value)}
          onScroll={(e) => {
            if (gutter.current) gutter.current.style.transform = `translateY(${-e.currentTarget.scrollTop}px)`;
          }}
          onKeyDown={(e) => {
            if (e.key === "Escape") e.currentTarget.blur();
            // YAML knows no tabs; with Shift the key still leaves the field.
            if (e.key !== "Tab" || e.shiftKey) return;
            e.preventDefault();
            e.currentTarget.setRangeText("  ", e.currentTarget.selectionStart, e.currentTarget.selectionEnd, "end");
            onChange(e.currentTarget.value);
          }}
        />
      </div>
      <ul className={classes.problems} aria-label="Problems" aria-live="polite">
        {problems.length === 0 && (
          <li className={classes.fine}>{value.trim() === "" ? "Nothing written yet." : "No problems."}</li>
        )}
        {problems.map((p) => (
          <li key={`${p.line ?? 0}/${p.path}/${p.message}`}>
            <button type="button" disabled={!p.line} onClick={() => p.line && goTo(p.line)}>
              <b>{p.line ? `line ${p.line}` : "file"}</b>
              <span>{problemText(p)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
