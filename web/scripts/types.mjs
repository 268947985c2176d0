// Writes src/api/schema.ts from docs/openapi.json; with --verify only says
// whether it is up to date.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../../docs/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.ts", import.meta.url);

const head = "// Generated from docs/openapi.json by `npm run types`; do not edit.\n\n";
const wanted = head + astToString(await openapiTS(source));

if (process.argv.includes("--verify")) {
  const found = await readFile(target, "utf8").catch(() => "");
  if (found !== wanted) {
    process.stderr.write("src/api/schema.ts is not what docs/openapi.json says: run `npm run types`\n");
    process.exit(1);
  }
} else {
  await writeFile(target, wanted);
}
