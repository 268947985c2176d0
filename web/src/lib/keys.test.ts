import { describe, expect, it } from "vitest";
import { keyListener } from "./keys";

function setup() {
  const ran: string[] = [];
  const clock = { now: 0 };
  const note = (word: string) => () => void ran.push(word);
  const listen = keyListener(
    () => ({ n: note("new"), "g s": note("scenarios"), "g r": note("runs") }),
    () => clock.now,
  );
  let prevented = 0;
  const press = (key: string, over: object = {}) =>
    listen({
      key,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      target: null,
      preventDefault: () => void prevented++,
      ...over,
    });
  return { ran, clock, press, prevented: () => prevented };
}

describe("keyListener", () => {
  it("runs single keys and sequences", () => {
    const { ran, press, prevented } = setup();
    press("n");
    press("g");
    press("s");
    press("g");
    press("r");
    expect(ran).toEqual(["new", "scenarios", "runs"]);
    expect(prevented()).toBe(3);
  });

  it("forgets a sequence that takes too long", () => {
    const { ran, press, clock } = setup();
    press("g");
    clock.now = 2000;
    press("s");
    expect(ran).toEqual([]);
  });

  it("leaves typing and the browser's own keys alone", () => {
    const { ran, press } = setup();
    press("n", { target: { tagName: "INPUT" } });
    press("n", { target: { tagName: "TEXTAREA" } });
    press("n", { ctrlKey: true });
    press("n", { target: { tagName: "BUTTON", closest: () => ({}) } });
    expect(ran).toEqual([]);
    press("n", { target: { tagName: "BUTTON", closest: () => null } });
    expect(ran).toEqual(["new"]);
  });
});
