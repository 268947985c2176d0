import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { RegionItem } from "../../api/types";
import { landDots } from "../../lib/land";
import { locationOf } from "../../lib/region";
import classes from "./WorldMap.module.css";

// The drawing is in degrees: x is the longitude, y the latitude downwards.
const [top, bottom] = [80, -57];

/** Where regions are. The table beside it says the same in words, so this is for the eye alone. */
export function WorldMap({ regions }: { regions: readonly RegionItem[] }) {
  const navigate = useNavigate();
  const land = useMemo(
    () =>
      landDots()
        .map((d) => `M${d.longitude} ${-d.latitude}h0`)
        .join(""),
    [],
  );
  const placed = regions.flatMap((region) => {
    const at = locationOf(region);
    return at && at.latitude <= top && at.latitude >= bottom ? [{ region, ...at }] : [];
  });
  if (placed.length === 0) return null;
  return (
    <div className={`panel ${classes.map}`}>
      <svg viewBox={`-180 ${-top} 360 ${top - bottom}`} aria-hidden="true">
        <path d={land} className={classes.land} />
        {placed.map(({ region, latitude, longitude }) => {
          const left = longitude > 120;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse; the table has the links
            <g
              key={region.name}
              data-state={region.check?.state ?? "none"}
              className={classes.place}
              transform={`translate(${longitude} ${-latitude})`}
              onClick={() => void navigate({ to: "/regions/$name", params: { name: region.name } })}
            >
              <circle r={5} className={classes.halo} />
              <circle r={2.1} />
              <text x={left ? -5 : 5} y={1.7} textAnchor={left ? "end" : "start"}>
                {region.name}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
