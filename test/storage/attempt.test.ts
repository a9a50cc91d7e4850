import { expect, test } from "vitest";
import { Attempt, Fault } from "../../src/storage/attempt.ts";
import { Undo } from "../../src/storage/undo.ts";
import { Random } from "../../src/support/random.ts";

test("the next command sees nothing of the one before", async () => {
  const attempt = new Attempt();
  const owner = {};
  const uses: ((attempt: Attempt) => void)[] = [
    ({ points }) => points.set("key", "value"),
    ({ pages }) => pages.set(owner, new Map()),
    ({ forced }) => forced.add("read"),
    ({ releases }) => releases.push(() => undefined),
    (used) => used.same(() => 1),
    (used) => (used.random = new Random(1)),
    (used) => (used.undo = new Undo()),
    (used) => expect(() => used.once(owner, "what", () => Promise.resolve(1))).toThrow(Fault),
  ];
  for (const use of uses) {
    expect(attempt.isUsed).toBe(false);
    use(attempt);
    expect(attempt.isUsed).toBe(true);
    attempt.scriptRandom = [1, 2];
    attempt.renew();
    expect(attempt.scriptRandom).toBe(null);
  }
  attempt.restart();
  expect(attempt.faults).toBe(0);
  expect(attempt.same(() => 2)).toBe(2);
  await expect(fetchedOnce(attempt, owner)).resolves.toBe(3);
});

/** What was fetched for the command before is fetched again. */
async function fetchedOnce(attempt: Attempt, owner: object): Promise<number> {
  const read = (): number => attempt.once(owner, "what", () => Promise.resolve(3));
  try {
    return read();
  } catch (fault) {
    await (fault as Fault).fetch();
    return read();
  }
}

test("what a command holds is let go of once; the batch that its reply waits for remains", () => {
  const attempt = new Attempt();
  let released = 0;
  attempt.batch = 7;
  attempt.releases.push(() => released++);
  attempt.renew();
  attempt.renew();
  expect(released).toBe(1);
  expect(attempt.batch).toBe(7);
});

test("who has written in a transaction is known, few or many", () => {
  const undo = new Undo();
  for (const count of [3, 8, 9, 100]) {
    const owners = Array.from({ length: count }, () => ({}));
    expect(owners.map((owner) => undo.knows(owner))).not.toContain(true);
    expect(owners.map((owner) => undo.isFirst(owner))).not.toContain(false);
    expect(owners.map((owner) => undo.isFirst(owner))).not.toContain(true);
    expect(owners.map((owner) => undo.knows(owner))).not.toContain(false);
    undo.rollBack();
  }
});
