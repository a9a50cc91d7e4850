import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { splitArgs } from "../../src/support/split-args.ts";
import type { Client } from "../support/client.ts";
import { exact } from "../support/exact.ts";
import { useServer } from "../support/use-server.ts";
import { commandsOf } from "./grammar.ts";
import { showCommand } from "./pair.ts";
import { randomCommands } from "./random-commands.ts";

/**
 * Which keys a command changes, as client tracking tells it; WATCH sees the same. Redis counts some commands as changes
 * that leave everything as it was, and some not.
 */
const servers = [useServer({ kind: "redis" }), useServer()];
let clients: Client[] = [];
let listeners: Client[] = [];

beforeAll(async () => {
  clients = await Promise.all(servers.map((server) => server.connect()));
  listeners = await Promise.all(servers.map((server) => server.connect3()));
  for (const listener of listeners) await listener.send("CLIENT", "TRACKING", "ON", "BCAST");
});
afterAll(async () => {
  for (const client of [...clients, ...listeners]) await client.close();
});

/** Redis' first. */
async function changedBy(command: readonly string[]): Promise<string[]> {
  return Promise.all(
    clients.map(async (client, i) => {
      await client.sendRaw(...command);
      return heard(listeners[i]!);
    }),
  );
}

async function heard(listener: Client): Promise<string> {
  listener.write("PING\r\n");
  const keys: string[] = [];
  for (;;) {
    const reply = exact(await listener.readRaw());
    if (reply === null || typeof reply !== "object" || Array.isArray(reply) || !("push" in reply))
      return keys.join(" ");
    keys.push(JSON.stringify(reply.push[1]));
  }
}

async function reset(): Promise<void> {
  for (const command of [["FLUSHALL"], ["SELECT", "0"]]) await changedBy(command);
}

const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const runs = Number(process.env["COMPAT_RUNS"] ?? 20);
const length = Number(process.env["COMPAT_LENGTH"] ?? 60);

/** What draws at random leaves different data behind. */
const DRAWS = /^(?:spop|randomkey|srandmember|hrandfield|zrandmember)$/i;

console.log(`changed keys: COMPAT_SEED=${seed} COMPAT_RUNS=${runs} COMPAT_LENGTH=${length}`);

test.each(Object.keys(randomCommands))("of random sequences of %s", { timeout: 3_600_000 }, async (group) => {
  const own = randomCommands[group]!.map(commandsOf);
  const between = randomCommands["generic"]!.map(commandsOf);
  const command = fc
    .oneof({ weight: 6, arbitrary: fc.oneof(...own) }, { weight: 1, arbitrary: fc.oneof(...between) })
    .filter(([name]) => !DRAWS.test(name!));
  const property = fc.asyncProperty(
    fc.array(command, { maxLength: length, size: "max" }),
    async (commands) => {
      await reset();
      for (const words of commands) {
        const [redis, leveldis] = await changedBy(words);
        if (redis !== leveldis)
          throw new Error(`${showCommand(words)}\n  redis:    ${redis}\n  leveldis: ${leveldis}`);
      }
    },
  );
  const result = await fc.check(property, { seed, numRuns: runs });
  if (!result.failed) return;
  const sequence = result.counterexample![0].map((words) => `  ${showCommand(words)}`).join("\n");
  throw new Error(`seed ${seed}:\n${sequence}\ndisagree at ${(result.errorInstance as Error).message}`);
});

test.each([
  'SET a 1; SET a 1; SET a 2 NX; SET a 1 GET; GETEX a; GETEX a PERSIST; APPEND a ""; SETRANGE a 0 ""; SETRANGE b 0 ""',
  "HSET h f 1; HSET h f 1; HSETNX h f 2; HINCRBY h n 0; HDEL h x; HDEL h f n",
  "SADD s a; SADD s a; SREM s x; SMOVE s t x; SMOVE s s a; SMOVE s t a; SPOP t; SPOP t",
  "ZADD z 1 a; ZADD z 1 a; ZADD z XX 1 b; ZINCRBY z 0 a; ZREM z x; ZREMRANGEBYSCORE z 5 6; ZPOPMIN none",
  "SET a 1; EXPIRE a 100; EXPIRE a 100 NX; PERSIST a; PERSIST a; EXPIRE a -1; EXPIRE a 100; TOUCH a",
  "SET a 1; RENAME a a; RENAME a b; RENAMENX b b; COPY b c; COPY b c; MOVE b 1; MOVE b 1",
  "SADD s 2 1; SORT s STORE l; SORT none STORE l; SORT none STORE l; SUNIONSTORE d none; SINTERSTORE d s; SINTERSTORE d s none",
  "MSET a 1 b 2 a 3; MSETNX a 1 c 1; DEL a b a; DEL a; UNLINK none; GETDEL none; GETSET a 1; INCRBY a 0",
])("%s", async (line) => {
  await reset();
  for (const text of line.split("; ")) {
    const [redis, leveldis] = await changedBy(splitArgs(text)!);
    expect(leveldis, text).toBe(redis);
  }
});
