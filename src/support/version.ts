import { readFileSync } from "node:fs";

/** Of leveldis, from package.json: it stands beside `src/` as beside `dist/`. */
export const VERSION: string = readVersion();

/** The version of Redis whose behaviour leveldis has. */
export const REDIS_VERSION = "7.0.15";

function readVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
