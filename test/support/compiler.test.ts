import { execFileSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { compileForServer } from "../../src/support/compiler.ts";

const given = vi.hoisted(() => ({ flags: [] as string[] }));

vi.mock("node:v8", () => ({ setFlagsFromString: (flag: string) => given.flags.push(flag) }));

test("V8 knows the flags: one that it does not know would have no effect but a line on standard error", () => {
  compileForServer();
  expect(given.flags.length).toBeGreaterThan(0);
  // Node ends where V8 leaves an option over.
  const tellFlags = ["-p", "process.execArgv.join()"];
  const output = execFileSync(process.execPath, [...given.flags, ...tellFlags], { encoding: "utf8" });
  expect(output.trim()).toContain(given.flags.join());
});
