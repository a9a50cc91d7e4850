import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

test("the lists of options in docs/compatibility.md are those of the table", () => {
  const script = resolve("scripts", "docs-options");
  expect(() => execFileSync(script, ["--check"], { stdio: "pipe" })).not.toThrow();
});
