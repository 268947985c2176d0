import { describe, expect, it } from "vitest";
import { emptyForm, fullURL, nameFor, nameIn, scalar, seconds, toYAML } from "./scenario";

describe("fullURL", () => {
  it.each([
    ["example.com/a", "https://example.com/a"],
    ["127.0.0.1:8080/", "http://127.0.0.1:8080/"],
    ["localhost:1", "http://localhost:1"],
    [" http://x ", "http://x"],
    ["$" + "{base}/a", "$" + "{base}/a"],
    ["", ""],
  ])("%s → %s", (given, want) => expect(fullURL(given)).toBe(want));
});

describe("nameFor", () => {
  it("takes host and first path piece, and stays free", () => {
    expect(nameFor("https://shop.example.com/cart/1?x=2", [])).toBe("shop.example.com-cart");
    expect(nameFor("http://127.0.0.1:8080/", [])).toBe("127.0.0.1-8080");
    expect(nameFor("http://a/b", ["a-b", "a-b-2"])).toBe("a-b-3");
    expect(nameFor("::", [])).toBe("scenario");
  });
});

describe("scalar", () => {
  it.each([
    ["p95 < 300ms", "p95 < 300ms"],
    ["https://a.example/?q=1&b=2", "https://a.example/?q=1&b=2"],
    ["yes", '"yes"'],
    ["12", '"12"'],
    ["a: b", '"a: b"'],
    ["a #b", '"a #b"'],
    ["", '""'],
    ["- x", '"- x"'],
    ['"', '"\\""'],
    ["{a}", '"{a}"'],
  ])("%s → %s", (given, want) => expect(scalar(given)).toBe(want));
});

describe("toYAML", () => {
  it("writes the closed model", () => {
    const form = { ...emptyForm, name: "shop", requests: [{ method: "GET", url: "example.com" }] };
    expect(toYAML(form)).toBe(
      `name: shop
requests:
  - url: https://example.com
load:
  users: 10
  ramp_up: 10s
  duration: 1m
regions:
  - name: local
    tasks: 1
criteria:
  - p95 < 500ms
  - failures < 1%
`,
    );
  });

  it("writes the open model, methods, and leaves out what is empty", () => {
    const yaml = toYAML({
      ...emptyForm,
      name: "a",
      requests: [{ method: "POST", url: "http://x/" }],
      model: "rate",
      rate: 250,
      rampUp: "0s",
      criteria: [" "],
    });
    expect(yaml).toContain("  - url: http://x/\n    method: POST\n");
    expect(yaml).toContain("  rate: 250/s\n  duration: 1m\n");
    expect(yaml).not.toContain("ramp_up");
    expect(yaml).not.toContain("criteria");
  });
});

describe("seconds", () => {
  it.each([
    ["1m30s", 90],
    ["1.5h", 5400],
    ["2d", 172_800],
    ["250ms", 0.25],
    ["0", 0],
    ["soon", undefined],
    [undefined, undefined],
  ])("%s = %s", (given, want) => expect(seconds(given)).toBe(want));
});

describe("nameIn", () => {
  it.each([
    ["name: shop\nload: {}", "shop"],
    ["# x\nname: 'a b' # c", "a b"],
    ['name: "q"', "q"],
    ['{"name": "j"}', "j"],
    ["requests:\n  - name: no", ""],
    ["", ""],
  ])("%j → %j", (source, want) => expect(nameIn(source)).toBe(want));
});
