import type { RegionCheck } from "../../api/types";
import type { IconName } from "../Icon";
import { Pill, type Tone } from "../Pills";

const states: Record<RegionCheck["state"], [Tone, IconName | undefined, string]> = {
  running: ["live", undefined, "checking"],
  ok: ["ok", "check", "proved"],
  warning: ["warn", "alert", "warnings"],
  failed: ["bad", "cross", "failed"],
};

/** Where a region's check stands; nothing when there was none since its last change. */
export function CheckPill({ check }: { check: RegionCheck | null | undefined }) {
  if (!check) return <span className="dim">not checked</span>;
  const [tone, icon, word] = states[check.state];
  return <Pill tone={tone} icon={icon} word={word} />;
}
