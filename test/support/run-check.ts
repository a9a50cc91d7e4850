import { execFile } from "node:child_process";
import { resolve } from "node:path";

export interface CheckOutcome {
  readonly code: number;
  readonly text: string;
  readonly error: string;
}

/** Runs `leveldis check` of the build that is tested. */
export function runCheck(...args: string[]): Promise<CheckOutcome> {
  const main = resolve(process.env["TEST_DIST"] ?? "dist", "main.js");
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("LEVELDIS_")),
  );
  return new Promise((done) => {
    execFile(process.execPath, [main, "check", ...args], { env }, (cause, text, error) => {
      done({ code: cause === null ? 0 : Number(cause.code), text, error });
    });
  });
}
