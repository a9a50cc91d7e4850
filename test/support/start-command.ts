import { readFileSync } from "node:fs";

/** What the system runs when `main` is started, by this Node.js: its first line has options for V8. */
export function startCommand(main: string): string[] {
  const [first] = readFileSync(main, "utf8").split("\n", 1);
  const options = /^#!\/usr\/bin\/env -S node (.+)$/.exec(first!)?.[1]!.split(" ") ?? [];
  return [process.execPath, ...options, main];
}
