import type { TestServer } from "../../test/support/server.ts";
import { digits, encode, load, scattered, value } from "./loader.ts";

/**
 * Data that is made once and only read by what measures. Members are `element:000000000042`: what redis-benchmark makes of
 * `element:__rand_int__`.
 */

export type CollectionType = "hash" | "set" | "zset" | "list" | "stream";

export interface Fixture {
  readonly key: string;
  readonly type: CollectionType;
  readonly size: number;
}

/** So many go into one command. */
const BATCH = 50;
const VALUE_BYTES = 100;

/** Makes it, unless it is there already. */
export async function fill(server: TestServer, { key, type, size }: Fixture): Promise<void> {
  await using client = await server.connect();
  if ((await client.send("EXISTS", key)) === 1) return;
  await loadCollection(server.port, key, type, size);
}

/** Adds the members to what is there. Seconds. */
export async function loadCollection(
  port: number,
  key: string,
  type: CollectionType,
  size: number,
): Promise<number> {
  if (type === "stream") {
    const entry = (i: number): string => encode("XADD", key, `${i + 1}-0`, "field", value(i, VALUE_BYTES));
    return load(port, size, entry, 2);
  }
  const [command, member] = members[type];
  return load(port, Math.ceil(size / BATCH), (batch) => {
    const words: string[] = [command, key];
    for (let i = batch * BATCH; i < Math.min(size, (batch + 1) * BATCH); i++) words.push(...member(i, size));
    return encode(...words);
  });
}

type MemberOf = (index: number, size: number) => readonly string[];

const members: Readonly<Record<Exclude<CollectionType, "stream">, readonly [string, MemberOf]>> = {
  hash: ["HSET", (i, size) => [name(scattered(i, size)), value(i, VALUE_BYTES)]],
  set: ["SADD", (i, size) => [name(scattered(i, size))]],
  // The member's number is its score: in order by both, and loaded in no order.
  zset: ["ZADD", (i, size) => [String(scattered(i, size)), name(scattered(i, size))]],
  list: ["RPUSH", (i) => [value(i, VALUE_BYTES)]],
};

function name(index: number): string {
  return `element:${digits(index)}`;
}
