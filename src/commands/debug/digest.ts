import { createHash } from "node:crypto";
import { BigString } from "../../keyspace/big-string.ts";
import type { Entry } from "../../keyspace/entry.ts";
import { Hash } from "../../keyspace/hash.ts";
import { List } from "../../keyspace/list.ts";
import { SetValue } from "../../keyspace/set.ts";
import { Stream } from "../../keyspace/stream.ts";
import { readEntries } from "../../keyspace/stream/entries.ts";
import { MAX_ID, MIN_ID, formatIdForDigest } from "../../keyspace/stream/id.ts";
import { ZSet } from "../../keyspace/zset.ts";
import { type Reply, Status } from "../../resp/reply.ts";
import { u32 } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import { formatDouble } from "../../support/doubles.ts";
import type { Context } from "../command.ts";

/** Redis' numbers of its types. */
const REDIS_TYPES = { string: 0, list: 1, set: 2, zset: 3, hash: 4, stream: 6 } as const;

const DIGEST_BYTES = 20;

/**
 * What DEBUG DIGEST-VALUE makes of a value, as Redis makes it: two servers with the same data answer the same. What
 * has an order is mixed in, what has none is xor'ed in.
 */
class Digest {
  readonly bytes = Buffer.alloc(DIGEST_BYTES);

  xor(data: Bytes | Buffer): this {
    const hash = sha1(data);
    for (let i = 0; i < DIGEST_BYTES; i++) this.bytes[i]! ^= hash[i]!;
    return this;
  }

  mix(data: Bytes): this {
    this.xor(data);
    sha1(this.bytes).copy(this.bytes);
    return this;
  }
}

function sha1(data: Bytes | Buffer): Buffer {
  const hash = createHash("sha1");
  return (typeof data === "string" ? hash.update(data, "latin1") : hash.update(data)).digest();
}

/** DEBUG DIGEST-VALUE key …: zeros for a key that is not there. */
export function debugDigestValue({ db }: Context, args: readonly Bytes[]): Reply {
  const keys = args.slice(2);
  db.ready(keys);
  return keys.map((key) => {
    const entry = db.peek(key);
    const digest = entry === null ? new Digest() : digestOf(entry);
    return new Status(digest.bytes.toString("hex"));
  });
}

function digestOf(entry: Entry): Digest {
  const digest = new Digest().mix(u32(REDIS_TYPES[entry.type]));
  const value = entry.value!;
  if (typeof value === "string") digest.mix(value);
  else if (value instanceof BigString) digest.mix(value.slice(0, value.length));
  else if (value instanceof List) for (const element of value.values()) digest.mix(element);
  else if (value instanceof Stream) {
    for (const { id, pairs } of readEntries(value, { from: MIN_ID, to: MAX_ID }, Infinity)) {
      digest.mix(formatIdForDigest(id));
      for (const bytes of pairs) digest.mix(bytes);
    }
  } else if (value instanceof SetValue) for (const member of value.members()) digest.xor(member);
  else if (value instanceof Hash)
    for (const [field, bytes] of value.entries()) digest.xor(pair(field, bytes));
  else if (value instanceof ZSet) {
    const { members, scores } = value.range({ by: "rank", start: 0, stop: -1 });
    members.forEach((member, i) => digest.xor(pair(member, formatDouble(scores[i]!))));
  }
  if (entry.expiresAtMs !== 0) digest.xor("!!expire!!");
  return digest;
}

function pair(first: Bytes, second: Bytes): Buffer {
  return new Digest().mix(first).mix(second).bytes;
}
