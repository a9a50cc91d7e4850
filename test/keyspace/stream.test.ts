import fc from "fast-check";
import { expect, test } from "vitest";
import type { Stream } from "../../src/keyspace/stream.ts";
import { StreamEdit } from "../../src/keyspace/stream/edit.ts";
import { append, countEntries, deleteEntries, readEntries } from "../../src/keyspace/stream/entries.ts";
import { GroupEdit, createGroup } from "../../src/keyspace/stream/group-edit.ts";
import { ownedFrom, pendingFrom, readConsumers, readGroups } from "../../src/keyspace/stream/groups.ts";
import { MAX_ID, MIN_ID, type StreamId, nextId } from "../../src/keyspace/stream/id.ts";
import { firstNodes } from "../../src/keyspace/stream/nodes.ts";
import { radixNodes } from "../../src/keyspace/stream/radix.ts";
import { type Trim, trim } from "../../src/keyspace/stream/trim.ts";
import { u64 } from "../../src/storage/numbers.ts";
import { type TestKeyspace, openKeyspace } from "./open-keyspace.ts";

/** No stream that is not packed fits its share of this. */
const TINY_CACHE_BYTES = 1000;

const LIMITS = { streamNodeMaxBytes: 4096, streamNodeMaxEntries: 4 };

/** Entries are given the ids 0-1, 0-2 … */
const id: fc.Arbitrary<StreamId> = fc.nat(60).map((sequence) => u64(0) + u64(sequence));
const consumer = fc.constantFrom("alice", "bob", "");
const pairs = fc.array(fc.constantFrom("field", "", "12345", "x".repeat(30)), { minLength: 1, maxLength: 2 });

type Step = (stream: Stream) => unknown;

const edited =
  (change: (edit: StreamEdit) => unknown): Step =>
  (stream) => {
    const edit = new StreamEdit(stream);
    const result = change(edit);
    edit.apply();
    return result;
  };

const trimming: fc.Arbitrary<Trim> = fc.record({
  strategy: fc.constantFrom("maxlen" as const, "minid" as const),
  maxLength: fc.nat(20),
  minId: id,
  approximate: fc.boolean(),
  limit: fc.constantFrom(0, 0, 3, 10),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(pairs, { minLength: 1, maxLength: 12 }).map((entries) =>
      edited((edit) => {
        for (const values of entries) {
          append(
            edit,
            nextId(edit.header.lastId)!,
            values.flatMap((value) => ["f", value]),
            LIMITS,
          );
        }
        return edit.header;
      }),
    ),
  },
  fc.array(id, { maxLength: 8 }).map((ids) => edited((edit) => deleteEntries(edit, ids))),
  trimming.map((given) => edited((edit) => trim(edit, given))),
  fc
    .tuple(id, id, fc.integer({ min: 1, max: 30 }), fc.boolean())
    .map(([from, to, limit, reverse]): Step => (stream) => {
      const range = { from, to };
      const found = readEntries(stream, range, limit, reverse);
      const all = readEntries(stream, range, Infinity);
      expect(countEntries(stream, range)).toBe(all.length);
      return found;
    }),
  fc.constant(edited((edit) => createGroup(edit, "g", MIN_ID, 0))),
  fc.tuple(consumer, fc.integer({ min: 1, max: 15 })).map(([name, limit]) =>
    edited((edit) => {
      const group = GroupEdit.of(edit, "g");
      if (group === null) return null;
      group.see(name, 1000);
      const from = nextId(group.group.lastId)!;
      const ids = readEntries(edit, { from, to: MAX_ID }, limit).map((entry) => entry.id);
      group.advance(ids);
      const pending = { consumer: name, deliveredAtMs: 1000, deliveries: 1 };
      group.assign(
        name,
        ids.map((one) => ({ id: one, pending, old: group.pending(one) })),
      );
      return ids;
    }),
  ),
  fc.integer({ min: 1, max: 9 }).map((limit) =>
    edited((edit) => {
      const group = GroupEdit.of(edit, "g");
      if (group === null) return null;
      const released = pendingFrom(edit, group.group, MIN_ID, limit);
      group.release(released);
      return released;
    }),
  ),
  consumer.map((name) => edited((edit) => GroupEdit.of(edit, "g")?.deleteConsumer(name))),
  fc.constant(edited((edit) => GroupEdit.of(edit, "g")?.destroy())),
);

/** All that there is of a stream, read and added up. */
const whole: Step = (stream) => {
  const { header } = stream;
  const entries = readEntries(stream, { from: MIN_ID, to: MAX_ID }, Infinity);
  const nodes = firstNodes(stream, Infinity);
  expect(entries.length).toBe(header.length);
  expect(entries[0]?.id ?? MIN_ID).toBe(header.firstId);
  expect(entries[entries.length - 1]?.id ?? MIN_ID).toBe(header.topId);
  expect(nodes.length).toBe(header.nodeCount);
  expect(nodes.reduce((live, node) => live + node.live, 0)).toBe(header.length);
  const groups = readGroups(stream).map(({ name, group }) => {
    const pending = pendingFrom(stream, group, MIN_ID, Infinity);
    const consumers = readConsumers(stream, group).map((one) => ({
      ...one,
      owned: ownedFrom(stream, group, one.name, MIN_ID, Infinity),
    }));
    expect(pending.length).toBe(group.pendingCount);
    expect(consumers.length).toBe(group.consumerCount);
    for (const one of consumers) expect(one.owned.length).toBe(one.consumer.pendingCount);
    expect(consumers.flatMap(({ owned }) => owned).toSorted()).toEqual(pending.map((one) => one.id));
    return { name, group, pending, consumers };
  });
  return { header, entries, nodes, groups, radix: radixNodes(stream) };
};

function runStep({ keyspace, run }: TestKeyspace, work: Step): Promise<unknown> {
  return run(() => work(keyspace.databases[0]!.streamToWrite("x")));
}

test("one that is always on disk answers as one in memory, also after it was opened again", async () => {
  let largest = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const memory = await openKeyspace();
      const disk = await openKeyspace({ recordCacheBytes: TINY_CACHE_BYTES });
      for (const work of steps) {
        expect(await runStep(disk, work)).toEqual(await runStep(memory, work));
        // From here on nothing of it is answered by what waits to be written.
        await disk.keyspace.committer.settle();
      }
      const expected = await runStep(memory, whole);
      expect(await runStep(disk, whole)).toEqual(expected);
      const reopened = await openKeyspace({ store: disk.store });
      expect(await runStep(reopened, whole)).toEqual(expected);
      largest = Math.max(largest, (expected as { entries: unknown[] }).entries.length);
    }),
    { numRuns: 60 },
  );
  expect(largest).toBeGreaterThan(20);
});

test("what was deleted leaves no elements", async () => {
  const opened = await openKeyspace({ recordCacheBytes: TINY_CACHE_BYTES });
  const { keyspace, run } = opened;
  await run(() => {
    const edit = new StreamEdit(keyspace.databases[0]!.streamToWrite("x"));
    for (let i = 0; i < 100; i++) append(edit, nextId(edit.header.lastId)!, ["f", `v${i}`], LIMITS);
    createGroup(edit, "g", MIN_ID, 0);
    edit.apply();
  });
  for (const work of [
    edited((edit) => {
      const group = GroupEdit.of(edit, "g")!;
      group.see("alice", 1);
      const all = readEntries(edit, { from: MIN_ID, to: MAX_ID }, Infinity);
      const pending = { consumer: "alice", deliveredAtMs: 1, deliveries: 1 };
      group.assign(
        "alice",
        all.map((entry) => ({ id: entry.id, pending, old: null })),
      );
    }),
    edited((edit) => GroupEdit.of(edit, "g")!.destroy()),
    edited((edit) => {
      const none = { strategy: "maxlen", maxLength: 0, minId: MIN_ID, approximate: false, limit: 0 } as const;
      expect(trim(edit, none)).toBe(100);
    }),
  ]) {
    await runStep(opened, work);
    await keyspace.committer.settle();
  }
  await runStep(opened, (stream) => {
    expect(stream.range({ gte: "" }, Infinity)).toEqual([]);
    expect(stream.header).toMatchObject({ length: 0, nodeCount: 0, groupCount: 0, tail: null });
    expect(stream.contentBytes).toBe(0);
  });
});

test("who reads entries in order waits for a few reads only, and sees what is deleted meanwhile", async () => {
  const opened = await openKeyspace({ recordCacheBytes: 2000 });
  const { keyspace } = opened;
  await runStep(
    opened,
    edited((edit) => {
      // More than is remembered of its end, or read as a whole.
      for (let i = 0; i < 400; i++)
        append(edit, nextId(edit.header.lastId)!, ["f", "v".repeat(2000)], LIMITS);
    }),
  );
  await keyspace.committer.settle();
  const { faults } = keyspace.reading;
  const read: StreamId[] = [];
  let after = MIN_ID;
  for (;;) {
    const range = { from: nextId(after)!, to: MAX_ID };
    const found = (await runStep(opened, (stream) => readEntries(stream, range, 1))) as { id: StreamId }[];
    if (found.length === 0) break;
    after = found[0]!.id;
    read.push(after);
    const behind = nextId(nextId(after)!)!;
    if (read.length % 5 === 0)
      await runStep(
        opened,
        edited((edit) => deleteEntries(edit, [behind])),
      );
  }
  const expected: number[] = [];
  for (let number = 1, skipped = 0; number <= 400; number++) {
    if (number === skipped) continue;
    expected.push(number);
    if (expected.length % 5 === 0) skipped = number + 2;
  }
  expect(read).toEqual(expected.map((number) => u64(0) + u64(number)));
  expect(keyspace.reading.faults - faults).toBeLessThan(expected.length / 2);
});
