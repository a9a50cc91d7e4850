import { afterAll, beforeAll } from "vitest";
import { splitArgs } from "../../src/support/split-args.ts";
import type { Client } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { showCommand } from "./pair.ts";
import { ReplicaFeed } from "./replica-feed.ts";

export type Told = readonly (readonly string[])[];

/** What both servers told their replicas: Redis, and the server under test. */
export type BothTold = readonly [redis: Told, tested: Told];

/** Nobody waits for a second replica that might come. */
const AT_ONCE = ["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"];

/** Empties a server and selects database 0, as the stream does then, too. Keys that nobody asks for stay. */
export const RESET: Told = [
  ["DEBUG", "SET-ACTIVE-EXPIRE", "0"],
  ["SELECT", "0"],
  ["FLUSHALL"],
  ["FUNCTION", "FLUSH"],
];

export interface Propagation {
  readonly servers: readonly TestServer[];
  /** A connection to each server. */
  readonly clients: readonly Client[];
  /** Another one to each, for what a client cannot do that is in a transaction or waits. */
  readonly askers: readonly Client[];
  readonly feeds: readonly ReplicaFeed[];
  /** Runs the commands on both servers. */
  readonly told: (commands: readonly (readonly string[])[]) => Promise<BothTold>;
  readonly toldSoFar: () => Promise<BothTold>;
  /** Runs RESET, and forgets what was told of it. */
  readonly reset: () => Promise<void>;
}

/** Starts a redis-server and the server under test, each with a replica that keeps what it is told. */
export function usePropagation(
  args: readonly string[] = [],
  leveldisArgs: readonly string[] = [],
): Propagation {
  const servers = [
    useServer({ kind: "redis", args: [...AT_ONCE, ...args] }),
    useServer({ args: [...AT_ONCE, ...args, ...leveldisArgs] }),
  ];
  const clients: Client[] = [];
  const askers: Client[] = [];
  const feeds: ReplicaFeed[] = [];
  beforeAll(async () => {
    for (const server of servers) {
      clients.push(await server.connect());
      askers.push(await server.connect());
      feeds.push(await ReplicaFeed.start(server));
    }
  }, 60_000);
  afterAll(async () => {
    for (const part of [...feeds, ...clients, ...askers]) await part.close();
  });
  const toldSoFar = async (): Promise<BothTold> => {
    const [redis, tested] = await Promise.all(feeds.map((feed, i) => feed.toldSoFar(askers[i]!)));
    return [redis!, tested!];
  };
  const told = async (commands: readonly (readonly string[])[]): Promise<BothTold> => {
    await Promise.all(clients.map((client) => client.pipelineRaw(commands)));
    return toldSoFar();
  };
  const reset = async (): Promise<void> => void (await told(RESET));
  return { servers, clients, askers, feeds, told, toldSoFar, reset };
}

/** `SET a 1; DEL a` ⇒ two commands. */
export const commandsIn = (line: string): string[][] => line.split("; ").map((text) => splitArgs(text)!);

/** A time of now, or the id of a stream's entry made of one. */
const OF_NOW = /^(\d{13})(?:-\d+)?$/;

/** Two servers are not asked in the same millisecond; and a busy machine takes its time. */
const TOLERANCE_MS = 20_000;

/** Beyond 2^53 positions are told in digits that a score has no room for. */
const LARGE = /^\d{16,19}$/;

function isSameWord(a: string, b: string): boolean {
  if (a === b) return true;
  if (LARGE.test(a) && LARGE.test(b)) return Number(a) === Number(b);
  const [first, second] = [OF_NOW.exec(a), OF_NOW.exec(b)];
  if (first === null || second === null) return false;
  return Math.abs(Number(first[1]) - Number(second[1])) <= TOLERANCE_MS;
}

/** Times of now may differ a little; nothing where the streams are equal otherwise. */
export function differenceOf([redis, tested]: BothTold): string | undefined {
  const isSame = (words: readonly string[], i: number): boolean => {
    const others = tested[i];
    return words.length === others?.length && words.every((word, at) => isSameWord(word, others[at]!));
  };
  if (redis.length === tested.length && redis.every(isSame)) return undefined;
  return `redis:\n${show(redis)}\nleveldis:\n${show(tested)}`;
}

export const show = (told: Told): string => told.map((words) => `  ${showCommand(words)}`).join("\n");
