import type { Bytes } from "../support/bytes.ts";
import { u16, u32, u64, readU32, readU64 } from "./numbers.ts";

/**
 * The map of all keys in LevelDB, in byte order. Tags and numbers here are frozen: a change of meaning
 * needs a new format version. Numbers are big-endian, so that byte order is number order.
 *
 *   !format                                format version (decimal text)
 *   !functions                             the libraries of functions (keyspace/libraries.ts); absent: none
 *   !ids                                   next collection id u64, next generation u32
 *   !loading                               what is being loaded beside the live data (keyspace/loading.ts)
 *   !replication                           where the data stands in which history (replication/history.ts); absent: nowhere
 *   !db  index u16                         generation u32, key count u64, count of keys with expiry u64
 *   c    id u64, part u8, …                elements of the collection `id` (parts: see each type)
 *   e    expiry ms u64, generation u32, key    the expiry index, in time order; empty value
 *   g    c, id u64                         a collection that waits for the collector; empty value
 *   g    d, generation u32                 all keys of a dropped database generation; empty value
 *   k    generation u32, key               the record of a key (record.ts)
 *
 * A key points to its collection by id, a database to its keys by generation: so DEL, RENAME, FLUSHDB and
 * SWAPDB of any size are one small write, and what they drop is found by the collector under `g`.
 */
export const FORMAT_VERSION = 3;

/**
 * Version 1 had no redo log beside LevelDB, in that of version 2 no change was marked as new: there is nothing to
 * convert, but what only knows these must not read on.
 */
export const OLDER_VERSIONS: readonly string[] = ["1", "2"];

export const FORMAT_KEY: Bytes = "!format";
export const IDS_KEY: Bytes = "!ids";
export const LIBRARIES_KEY: Bytes = "!functions";
export const LOADING_KEY: Bytes = "!loading";
export const REPLICATION_KEY: Bytes = "!replication";

/** Database 3 ⇒ `!db 0003`. */
export const databaseKey = (index: number): Bytes => "!db" + u16(index);

export const DATABASES_RANGE: KeyRange = { gte: "!db", lt: "!dc" };

/** The index in a `databaseKey`. */
export const readDatabaseKey = (key: Bytes): number => (key.charCodeAt(3) << 8) | key.charCodeAt(4);

/** Generation 1, key `foo` ⇒ `k 00000001 foo`. */
export const recordKey = (generation: number, key: Bytes): Bytes => recordKeyHead(generation) + key;

/** What stands before the user's key. */
export const recordKeyHead = (generation: number): Bytes => "k" + u32(generation);

/** What stands before the user's key in a record key: tag and generation. */
export const RECORD_KEY_PREFIX_LENGTH = 5;

/** All the keys of one generation: `k 00000001` up to, not including, `k 00000002`. */
export const recordRange = (generation: number): KeyRange => ({
  gte: "k" + u32(generation),
  lt: "k" + u32(generation + 1),
});

/** Collection 7 ⇒ `c 0000000000000007`, the prefix of its elements. */
export const collectionPrefix = (id: number): Bytes => "c" + u64(id);

export const COLLECTION_PREFIX_LENGTH = 9;

export const collectionRange = (id: number): KeyRange => ({
  gte: collectionPrefix(id),
  lt: collectionPrefix(id + 1),
});

/** ⇒ `e 0000018F0E2B1C00 00000001 foo`. */
export const expiryKey = (expiresAtMs: number, generation: number, key: Bytes): Bytes =>
  "e" + u64(expiresAtMs) + u32(generation) + key;

export const EXPIRY_RANGE: KeyRange = { gte: "e", lt: "f" };

export interface ExpiryIndexEntry {
  readonly expiresAtMs: number;
  readonly generation: number;
  readonly key: Bytes;
}

export function readExpiryKey(indexKey: Bytes): ExpiryIndexEntry {
  return { expiresAtMs: readU64(indexKey, 1), generation: readU32(indexKey, 9), key: indexKey.slice(13) };
}

export const deadCollectionKey = (id: number): Bytes => "gc" + u64(id);
export const deadGenerationKey = (generation: number): Bytes => "gd" + u32(generation);
export const DEAD_RANGE: KeyRange = { gte: "g", lt: "h" };

export type Dead = { readonly collection: number } | { readonly generation: number };

export function readDeadKey(key: Bytes): Dead {
  return key[1] === "c" ? { collection: readU64(key, 2) } : { generation: readU32(key, 2) };
}

/** From `gte` (inclusive) to `lt` (exclusive). */
export interface KeyRange {
  readonly gte: Bytes;
  readonly lt: Bytes;
}
