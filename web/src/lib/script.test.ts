import { expect, test } from "vitest";
import { nameForScript, scriptYAML } from "./script";

const script = { sha256: "x", name: "shop.zip", engine: "k6", entry: "a.js", entries: ["a.js"] };

test("a script's scenario says what is needed", () => {
  expect(scriptYAML("shop", script, "a.js", "local")).toBe(
    "name: shop\nengine: k6\nscript: shop.zip\nregions:\n  - name: local\n    tasks: 1\n",
  );
});

test("an entry is said where several could be run", () => {
  const two = { ...script, entries: ["a.js", "b.js"] };
  expect(scriptYAML("shop", two, "b.js", "local")).toContain("entry: b.js\n");
});

test("names are free and plain", () => {
  expect(nameForScript("my test (1).js", [])).toBe("my-test-1");
  expect(nameForScript("shop.zip", ["shop", "shop-2"])).toBe("shop-3");
  expect(nameForScript("…", [])).toBe("script");
});
