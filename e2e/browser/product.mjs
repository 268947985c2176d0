// The product under test: the built programs, a server of their own, the sample
// target and a real browser. Everything here is ended by close().
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
// The driver is a dependency of the console's folder; browsers it brings none.
const { chromium } = createRequire(join(root, "web", "package.json"))("playwright-core");

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The browser's program: from ONRUSH_CHROMIUM, else where distributions put it. */
function browserPath() {
  const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const found = [process.env.ONRUSH_CHROMIUM, ...places].find((p) => p && existsSync(p));
  if (!found)
    throw new Error("no Chromium found: scripts/setup-test installs it, or set ONRUSH_CHROMIUM to its program");
  return found;
}

/** Compiles the programs as the other end-to-end tests do, unless ONRUSH_BIN names a folder that has them. */
async function programs(dir) {
  if (process.env.ONRUSH_BIN) return process.env.ONRUSH_BIN;
  const settings = ["-trimpath", "-ldflags", "-s -w -X main.version=e2e"];
  for (const name of ["onrush", "onrush-agent"]) {
    await promisify(execFile)("go", ["build", ...settings, "-o", join(dir, name), `./cmd/${name}`], {
      cwd: root,
      env: { ...process.env, CGO_ENABLED: "0" },
    });
  }
  return dir;
}

/** Starts a program and waits until its output has what is looked for. */
async function start(path, args, wanted) {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const found = await new Promise((resolve, reject) => {
    const read = (chunk) => {
      output += chunk;
      const all = wanted.map((w) => w.exec(output));
      if (all.every(Boolean)) resolve(all.map((m) => m[1]));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${args[0]} ended with ${code}:\n${output}`)));
  });
  return { child, found };
}

async function end(child) {
  if (child.exitCode !== null) return;
  child.kill("SIGINT");
  await once(child, "exit");
}

/** Brings up server, target and browser. */
export async function startProduct() {
  const dir = await mkdtemp(join(tmpdir(), "onrush-browser-"));
  const bin = await programs(dir);
  const onrush = join(bin, "onrush");
  const server = await start(
    onrush,
    ["serve", "--data", join(dir, "data"), "--listen", "127.0.0.1:0", "--region", "eu,us"],
    [/^console\s+(\S+)/m, /^login\s+admin, password (\S+)/m],
  );
  const target = await start(onrush, ["target", "--listen", "127.0.0.1:0"], [/(http:\/\/\S+)/]);
  const profile = join(dir, "profile");
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browserPath(),
    args: flags,
    viewport: { width: 1280, height: 800 },
    acceptDownloads: true,
  });
  return {
    url: server.found[0],
    password: server.found[1],
    target: target.found[0],
    context,
    async close() {
      await context.close();
      await Promise.all([end(server.child), end(target.child)]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
