import { Keyspace } from "../../src/keyspace/keyspace.ts";
import { Attempt, Fault } from "../../src/storage/attempt.ts";
import { type Store, openMemoryStore } from "../../src/storage/store.ts";

export interface TestKeyspace {
  readonly keyspace: Keyspace;
  readonly store: Store;
  /** Runs `work` as the executor runs a command: again after each fault, until it returns. */
  readonly run: <Result>(work: () => Result, nowMs?: number) => Promise<Result>;
}

const LIMITS = {
  hashMaxListpackEntries: 4,
  hashMaxListpackValue: 64,
  setMaxIntsetEntries: 4,
  setMaxListpackEntries: 4,
  setMaxListpackValue: 64,
  zsetMaxListpackEntries: 4,
  zsetMaxListpackValue: 64,
  listMaxListpackSize: 4,
  streamMaxPackedBytes: 200,
  streamNodeMaxBytes: 4096,
  streamNodeMaxEntries: 4,
  collectionChangesKept: 0,
  repeatedReadsKept: 0,
};

/** A keyspace over a store in memory, or over `store`: what another one has written there. */
export async function openKeyspace(
  given: { store?: Store; recordCacheBytes?: number } = {},
): Promise<TestKeyspace> {
  const store = given.store ?? (await openMemoryStore());
  const { recordCacheBytes = 64 << 20 } = given;
  const keyspace = await Keyspace.open({
    store,
    databases: 4,
    recordCache: { limitBytes: recordCacheBytes, minBytes: recordCacheBytes },
    limits: LIMITS,
    log: null,
    maxLogBytes: () => 0,
    onApplyFailure: (error) => {
      throw error;
    },
    fsync: () => "no",
    onWriteFailure: (error) => {
      throw error;
    },
  });
  return { keyspace, store, run: (work, nowMs = Date.now()) => run(keyspace, work, nowMs) };
}

async function run<Result>(keyspace: Keyspace, work: () => Result, nowMs: number): Promise<Result> {
  const attempt = new Attempt();
  try {
    for (;;) {
      keyspace.reading.attempt = attempt;
      keyspace.setTime(nowMs);
      attempt.restart();
      try {
        const result = work();
        keyspace.removeExpired(true);
        return result;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        await error.fetch();
      }
    }
  } finally {
    attempt.release();
  }
}
