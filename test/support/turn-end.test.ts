import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { turnEnd } from "../../src/support/turn-end.ts";

test("all that wait in one turn go on together, when it is over", async () => {
  const seen: string[] = [];
  const wait = async (name: string): Promise<void> => {
    await turnEnd();
    seen.push(name);
  };
  const first = wait("a");
  await Promise.resolve();
  seen.push("still this turn");
  const second = wait("b");
  await Promise.all([first, second]);
  expect(seen).toEqual(["still this turn", "a", "b"]);
});

test("who waits in the next turn waits for the end of that", async () => {
  await turnEnd();
  let isOver = false;
  const waiting = turnEnd().then(() => (isOver = true));
  await Promise.resolve();
  expect(isOver).toBe(false);
  await nextTurn();
  await waiting;
  expect(isOver).toBe(true);
});
