import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";

/**
 * What a program of test/clients writes, run in its folder. Fails when the program does, with all that it wrote as the message.
 * Python is Debian's own: another that comes first on the path does not know Debian's packages.
 */
export async function runProgram(
  language: "python" | "ruby",
  script: string,
  args: readonly string[],
  port: number,
): Promise<{ stdout: string; stderr: string }> {
  const folder = resolve(import.meta.dirname, "../clients", language);
  const command = language === "python" ? "/usr/bin/python3" : "/usr/bin/ruby";
  const env = {
    ...process.env,
    PORT: String(port),
    REDIS_URL: `redis://127.0.0.1:${port}/0`,
    PYTHONPATH: folder,
    PYTHONDONTWRITEBYTECODE: "1",
  };
  return promisify(execFile)(command, [resolve(folder, script), ...args], {
    cwd: folder,
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
}
