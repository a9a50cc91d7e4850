import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../support/client.ts";
import { SeededInstance } from "./seeded-instance.ts";

/** Damages files, loads them, and looks at what comes of it. */

const SAMPLES = "test/rdb/samples";

/** A sequence of numbers that a seed repeats (xorshift). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}

/** The samples that are no larger than that, and others. */
export function intactFiles(maxBytes: number, more: readonly Buffer[] = []): Buffer[] {
  const samples = ["redis-rdb-tools", "redis"].flatMap((folder) =>
    readdirSync(join(SAMPLES, folder)).map((file) => readFileSync(join(SAMPLES, folder, file))),
  );
  return [...samples.filter(({ length }) => length <= maxBytes), ...more];
}

/** One to four changes: bits, bytes, what is cut out, doubled, or overwritten with numbers that are dangerous. */
export function damaged(file: Buffer, dice: Dice): Buffer {
  let bytes = Buffer.from(file);
  for (let left = 1 + dice.below(4); left > 0 && bytes.length > 0; left--) {
    const at = dice.below(bytes.length);
    const length = Math.min(1 + dice.below(20), bytes.length - at);
    switch (dice.below(6)) {
      case 0:
        bytes[at]! ^= 1 << dice.below(8);
        break;
      case 1:
        bytes[at] = dice.below(256);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 4:
        Buffer.from(DANGEROUS[dice.below(DANGEROUS.length)]!).copy(bytes, at);
        break;
      default:
        if (dice.below(4) === 0) bytes = bytes.subarray(0, at);
    }
  }
  return bytes;
}

const DANGEROUS: readonly (readonly number[])[] = [
  [0xff],
  [0xfe],
  [0],
  [0x80, 0xff, 0xff, 0xff, 0xff],
  [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x81, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff],
  [0xc3],
];

/** What may be said of a damaged file. */
const REFUSAL = /cannot be loaded: at byte \d+: .+\. Nothing of it was kept$/;

const LOAD_MS = 10_000;

/** Loads the file; `refused`, or `loaded` when it could be, and all of it can be read. Rejects when it goes wrong. */
export async function loadDamaged(file: Buffer, path: string): Promise<"refused" | "loaded"> {
  writeFileSync(path, file);
  // Nearly all damage would be found by the checksum alone.
  const starting = SeededInstance.start("--rdb", path, "--rdbchecksum", "no", "--databases", "64");
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it does not end")), LOAD_MS);
  });
  try {
    await using instance = await Promise.race([starting, late]);
    await readAll(instance.client);
    return "loaded";
  } catch (error) {
    if (error instanceof Error && REFUSAL.test(error.message)) return "refused";
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function readAll(client: Client): Promise<void> {
  for (const line of String(await client.send("INFO", "keyspace")).split("\r\n")) {
    const database = /^db(\d+):keys=(\d+)/.exec(line);
    if (database === null) continue;
    await client.send("SELECT", database[1]!);
    const keys = (await client.sendExact("KEYS", "*")) as string[];
    // Some may expire meanwhile.
    if (keys.length > Number(database[2])) throw new Error(`${keys.length} keys of ${database[2]}`);
    const named = keys.map((key) => Buffer.from(key, "latin1"));
    const replies = await client.pipelineRaw(
      named.flatMap((key) => [
        ["DEBUG", "DIGEST-VALUE", key],
        ["OBJECT", "ENCODING", key],
        ["XINFO", "STREAM", key, "FULL"],
      ]),
    );
    for (const reply of replies) {
      if (/^-(?!WRONGTYPE|ERR no such key)/.test(reply.latin1Slice())) throw new Error(reply.latin1Slice());
    }
  }
}
