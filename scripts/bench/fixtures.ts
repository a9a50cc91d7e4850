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
  return load(port, Math.ceil(size / BATCH), (batch) => {
    const words: string[] = [COMMANDS[type], key];
    for (let i = batch * BATCH; i < Math.min(size, (batch + 1) * BATCH); i++) {
      words.push(...memberOf(type, i, size));
    }
    return encode(...words);
  });
}

const COMMANDS = { hash: "HSET", set: "SADD", zset: "ZADD", list: "RPUSH" } as const;

/** What a command takes for the element. */
export function memberOf(type: keyof typeof COMMANDS, index: number, size: number): readonly string[] {
  if (type === "list") return [value(index, VALUE_BYTES)];
  // They come in no order.
  const number = scattered(index, size);
  if (type === "set") return [name(number)];
  return type === "hash" ? [name(number), value(index, VALUE_BYTES)] : [String(number), name(number)];
}

function name(index: number): string {
  return `element:${digits(index)}`;
}
