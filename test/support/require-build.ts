import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

/** Black-box tests run what is in dist/: an absent or older build would test something else than the sources. */
export default function requireBuild(): void {
  if (process.env["TEST_SERVER"] === "redis" || process.env["TEST_DIST"] !== undefined) return;
  const built = modifiedMs(resolve("dist/main.js"));
  if (built === undefined) throw new Error("dist/main.js is not there: run `npm run build`, or `npm test`");
  const newer = sources(resolve("src")).filter(
    (file) => (modifiedMs(outputOf(file)) ?? 0) < modifiedMs(file)!,
  );
  if (newer.length > 0)
    console.warn(`dist/ is older than ${newer.length} sources: run \`npm run build\`, or \`npm test\``);
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => join(folder, name));
}

function outputOf(source: string): string {
  return source.replace(resolve("src"), resolve("dist")).replace(/\.ts$/, ".js");
}

function modifiedMs(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
