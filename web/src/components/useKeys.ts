import { useEffect, useRef } from "react";
import { type KeyMap, keyListener } from "../lib/keys";

/** Listens for keys as long as the component stands. */
export function useKeys(map: KeyMap): void {
  const latest = useRef(map);
  latest.current = map;
  useEffect(() => {
    const listener = keyListener(() => latest.current);
    window.addEventListener("keydown", listener);
    return () => window.removeEventListener("keydown", listener);
  }, []);
}
