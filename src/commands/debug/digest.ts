import type { Entry } from "../../keyspace/entry.ts";
import { encodeRecordHeader, readRecordHeader } from "../../keyspace/record.ts";
import { Digest, digestAll, digestRecord } from "../../rdb/digest.ts";
import { readAtOnce } from "../../rdb/encode/reads.ts";
import { type Reply, Status } from "../../resp/reply.ts";
import type { StoreSnapshot } from "../../storage/store.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";

/** DEBUG DIGEST: of all data, as it is at one moment after everything before. */
export function debugDigest({ keyspace }: Context): Reply {
  const { committer, reading } = keyspace;
  const digest = reading.attempt.once(keyspace, "digest", async () => {
    let snapshot!: StoreSnapshot;
    await committer.atRest(() => {
      snapshot = reading.store.snapshot();
      return Promise.resolve();
    });
    try {
      return await digestAll(snapshot);
    } finally {
      await snapshot.close();
    }
  });
  return new Status(digest.text);
}

/** DEBUG DIGEST-VALUE key …: zeros for a key that is not there. */
export function debugDigestValue({ db }: Context, args: readonly Bytes[]): Reply {
  const keys = args.slice(2);
  db.ready(keys);
  return keys.map((key) => {
    const entry = db.peek(key);
    const digest = new Digest();
    if (entry !== null) digestEntry(digest, entry);
    return new Status(digest.text);
  });
}

function digestEntry(digest: Digest, entry: Entry): void {
  const value = entry.value!;
  const payload = typeof value === "string" ? value : value.recordPayload();
  const record = encodeRecordHeader(value, entry.expiresAtMs, entry.isRaw) + payload;
  const reads = digestRecord(digest, record, readRecordHeader(record));
  readAtOnce(reads, (range) => (typeof value === "string" ? [] : value.elementRange!.all(range)));
}
