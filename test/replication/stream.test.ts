import { expect, test } from "vitest";
import type { PropagatedCommand, Propagation } from "../../src/keyspace/propagation.ts";
import { type BacklogJournal, ReplicationStream } from "../../src/replication/stream.ts";
import type { Committer } from "../../src/storage/committer.ts";
import type { WriteBatch } from "../../src/storage/store.ts";

/** Keeps what it is given, as the files do. */
class Journal implements BacklogJournal {
  begin = 0;
  text = "";

  restore(): null {
    return null;
  }

  append(position: number, parts: readonly Buffer[]): void {
    expect(position).toBe(this.begin + this.text.length);
    this.text += Buffer.concat(parts).latin1Slice();
  }

  cutBack(position: number): void {
    this.text = this.text.slice(0, position - this.begin);
  }

  clear(position: number): void {
    this.begin = position;
    this.text = "";
  }
}

const set = (value: string): PropagatedCommand[] => [
  { dbIndex: 0, args: ["SET", "k", value], isExpiry: false },
];

test("what a batch that failed has told is taken back everywhere, and told anew in full", () => {
  const journal = new Journal();
  const batch = { put: () => undefined } as unknown as WriteBatch;
  const stream = new ReplicationStream({
    committer: { gathering: 1, mark: () => undefined, wait: () => undefined } as unknown as Committer,
    propagation: { isWanted: false } as Propagation,
    stored: undefined,
    journal,
    backlogSize: () => 1 << 20,
  });
  const commit = (error: Error | null): void => {
    stream.persist(batch);
    // More comes while the batch is written.
    stream.append(set("behind"), false, null);
    stream.batchDone(error);
  };
  stream.open();
  stream.append(set("1"), false, null);
  stream.persist(batch);
  stream.batchDone(null);
  const { offset } = stream;
  const told = journal.text;
  expect(told).toContain("SELECT");
  expect(told.length).toBe(offset);

  stream.append(set("2"), false, null);
  commit(new Error("the disk is full"));
  expect(stream.offset).toBe(offset);
  expect(stream.written.offset).toBe(offset);
  expect(stream.backlog!.end).toBe(offset);
  expect(journal.text).toBe(told);

  stream.append(set("3"), false, null);
  stream.persist(batch);
  stream.batchDone(null);
  const added = journal.text.slice(told.length);
  // Whoever goes on behind a failure may not know what is selected.
  expect(added).toBe("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n3\r\n");
  expect(stream.backlog!.end).toBe(stream.offset);
  expect(stream.backlog!.read(offset, 1000)!.latin1Slice()).toBe(added);
});
