import { expect, test } from "vitest";
import { leftOutOf, matches, readLeftOut } from "../../scripts/redis-suite-left-out.ts";
import { readOutcome } from "../../scripts/redis-suite-outcome.ts";

test("reads the list of what is left out", () => {
  const text = `# a comment

[unit/a] needs b
some test
/^more (tests|of them)$
!sed /lpush/d

[unit/c] needs d
# 5 tests
another | test
`;
  const entries = readLeftOut(text);
  expect(leftOutOf(entries, "unit/a")).toEqual([
    { kind: "test", unit: "unit/a", reason: "needs b", pattern: "some test" },
    { kind: "test", unit: "unit/a", reason: "needs b", pattern: "/^more (tests|of them)$" },
    { kind: "edit", unit: "unit/a", reason: "needs b", expression: "/lpush/d" },
  ]);
  expect(leftOutOf(entries, "unit/c")).toEqual([
    { kind: "test", unit: "unit/c", reason: "needs d", pattern: "another | test" },
  ]);
  expect(() => readLeftOut("a test\n")).toThrow("left-out.txt:1");
});

test("names are whole names or regular expressions", () => {
  expect(matches("a (test)", "a (test)")).toBe(true);
  expect(matches("a", "a test")).toBe(false);
  expect(matches("/^a ", "a test")).toBe(true);
});

test("reads what the suite's runner prints", () => {
  const output = `Cleanup: may take some time... OK
[ready]: 12
Testing unit/a
[ok]: passes (1 ms)
[skip]: left out
[ignore]: large-memory flag not provided
[err]: fails in tests/unit/a.tcl
Expected '1' to be equal to '2'
(context: type eval line 3)
[ok]: passes as well (20 ms)
[1/1 done]: unit/a (1 seconds)

                   The End

!!! WARNING The following tests failed:

*** [err]: fails in tests/unit/a.tcl
`;
  expect(readOutcome("unit/a", output, 1)).toEqual({
    unit: "unit/a",
    passed: ["passes", "passes as well"],
    failed: ["fails in tests/unit/a.tcl\nExpected '1' to be equal to '2'\n(context: type eval line 3)"],
    skipped: ["left out"],
  });
});

test("a run that ends early has failed", () => {
  expect(readOutcome("unit/a", "[ok]: passes (1 ms)\n", 0).failed).toHaveLength(1);
  const broken = readOutcome("unit/a", "[exception]: Executing test client: broken pipe.\n  while\n", 1);
  expect(broken.failed[0]).toBe("Executing test client: broken pipe.\n  while");
});
