import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

test.each(["docs-commands", "docs-options"])("what scripts/%s writes is up to date", (name) => {
  const script = resolve("scripts", name);
  expect(() => execFileSync(script, ["--check"], { stdio: "pipe" })).not.toThrow();
});
