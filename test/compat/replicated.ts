import fc from "fast-check";
import type { Client } from "../support/client.ts";
import type { ServerKind, TestServer } from "../support/server.ts";
import { commandsOf } from "./grammar.ts";
import { showCommand } from "./pair.ts";
import { randomCommands } from "./random-commands.ts";
import { runAll } from "./random.ts";

export interface ReplicatedOptions {
  readonly seed: number;
  /** How many commands are sent, by all clients together. */
  readonly commands: number;
  /** So often is the data compared, in commands: what went wrong is soon overwritten. */
  readonly every: number;
}

/** So many clients send at the same time: who waits is served by the others. */
const CLIENTS = 3;
/** Commands that a client sends at once. */
const PIPELINE = 20;

const key = fc.constantFrom("s1", "s2", "h1", "t1", "q1", "z1", "x1", "p1", "g1");
/** So short that it is over during the run, and so long that it is not. */
const ms = fc.constantFrom("1", "20", "50", "100000", "1000000");

/** Keys that expire at any time. */
const expiring: readonly fc.Arbitrary<string[]>[] = [
  fc.tuple(key, ms).map(([name, time]) => ["PEXPIRE", name, time]),
  fc.tuple(fc.constantFrom("s1", "s2"), ms).map(([name, time]) => ["SET", name, "v", "PX", time]),
  fc.tuple(fc.constantFrom("s1", "s2"), ms).map(([name, time]) => ["GETEX", name, "PX", time]),
];

/** So that there is something to take away. */
const growing: readonly fc.Arbitrary<string[]>[] = [
  "SADD set members",
  "RPUSH list values",
  "ZADD zset scores",
  "HSET hash pairs",
  "XADD stream * member value",
  "PFADD hll values",
].map(commandsOf);

/** What waits for others, not for long. */
const waiting: readonly fc.Arbitrary<string[]>[] = [
  "BLPOP list list 0.01",
  "BRPOP list 0.01",
  "BLMOVE list list end end 0.01",
  "BLMPOP 0.01 counted-lists end [COUNT count]",
  "BZPOPMIN zset zset 0.01",
  "BZMPOP 0.01 counted-zsets (MIN|MAX) [COUNT count]",
  "XREADGROUP GROUP usual-group consumer [COUNT count] BLOCK 10 [NOACK] STREAMS stream >",
  "SPOP set",
  "SPOP set count",
].map(commandsOf);

/** Of a set SORT makes a list in no order unless it sorts, and among equal weights it has none. */
const isOrdered = (words: readonly string[]): boolean =>
  !/^sort$/i.test(words[0]!) || !words.some((word) => /^by$/i.test(word));

const single = fc
  .oneof(
    { weight: 24, arbitrary: fc.oneof(...Object.values(randomCommands).flat().map(commandsOf)) },
    { weight: 1, arbitrary: fc.oneof(...expiring) },
    { weight: 2, arbitrary: fc.oneof(...waiting) },
    { weight: 4, arbitrary: fc.oneof(...growing) },
  )
  .filter(isOrdered);

/** A field that does not fit makes a string longer, or makes one, and redis-server does not tell its replicas of it. */
export const failsSilently = (words: readonly string[]): boolean =>
  /^bitfield$/i.test(words[0]!) && words.some((word) => /^fail$/i.test(word));

/** Redis makes -0 of it or 0, as the sorted set is encoded, and that depends on what was done to it before: SORT, too. */
const isOfMinusZero = (words: readonly string[]): boolean =>
  words.some((word) => /^-0+(?:\.0*)?$/.test(word));

/**
 * Where members have several scores, a range by lex is what redis-server's search comes by, whose steps are drawn at random.
 * Sorted sets for such ranges have one score, unless a word of a command got out of its place, or they were made of others.
 */
function mayMixScores([name, ...words]: readonly string[]): boolean {
  const isOfOneScore = (key: string | undefined): boolean => key === "l1" || key === "l2";
  if (/^zremrangebylex$/i.test(name!)) return !isOfOneScore(words[0]);
  if (/^zrangestore$/i.test(name!) && words.some((word) => /^bylex$/i.test(word))) {
    return !isOfOneScore(words[0]) || !isOfOneScore(words[1]);
  }
  if (!/^zadd$/i.test(name!) || !isOfOneScore(words[0])) return false;
  const scores = words.slice(1).filter((word) => !/^(?:nx|xx|gt|lt|ch)$/i.test(word));
  return scores.some((score, i) => i % 2 === 0 && score !== "0");
}

/** What a client sends in one go, for a master of that kind. */
function stepsFor(kind: ServerKind): fc.Arbitrary<string[][]> {
  // Nothing that empties all: most of the run would be about empty databases.
  const kept = single.filter(
    (words) =>
      !/^flush/i.test(words[0]!) &&
      !isOfMinusZero(words) &&
      !mayMixScores(words) &&
      !(kind === "redis" && failsSilently(words)),
  );
  const several = fc.array(kept, { minLength: 1, maxLength: 8 });
  const transaction = several.map((commands) => [["MULTI"], ...commands, ["EXEC"]]);
  const script = fc
    .tuple(several, fc.constantFrom("call" as const, "pcall" as const))
    .map(([commands, call]) => {
      const words = commands.flatMap((command) => [String(command.length), ...command]);
      return [["EVAL", runAll(call), "0", ...words]];
    });
  return fc.oneof(
    { weight: 400, arbitrary: kept.map((command) => [command]) },
    { weight: 24, arbitrary: transaction },
    { weight: 24, arbitrary: script },
    { weight: 1, arbitrary: fc.constant<string[][]>([["FLUSHALL"]]) },
  );
}

/**
 * Sends random commands of all groups to a master, over several connections, and compares its data with that of its
 * replicas. @throws where they differ
 */
export async function compareReplicated(
  master: TestServer,
  replicas: readonly TestServer[],
  { seed, commands, every }: ReplicatedOptions,
): Promise<void> {
  const step = stepsFor(master.kind);
  const clients: Client[] = [];
  for (let i = 0; i < CLIENTS; i++) clients.push(await master.connect());
  const [first] = clients as [Client];
  const copies: Client[] = [];
  for (const replica of replicas) copies.push(await replica.connect());
  try {
    await first.sendRaw("FLUSHALL");
    let sent = 0;
    for (let round = 0; sent < commands; round++) {
      const until = Math.min(sent + every, commands);
      const steps = fc.sample(step, { seed: seed + round, numRuns: until - sent });
      const lines = clients.map((_, i) => steps.filter((_step, at) => at % CLIENTS === i).flat());
      sent = until;
      try {
        await Promise.all(clients.map((client, i) => sendAll(client, lines[i]!)));
      } catch (cause) {
        throw new Error(`seed ${seed}, after ${sent} commands:\n${await clientsOf(master)}`, { cause });
      }
      for (const [i, copy] of copies.entries()) {
        await compare(first, copy, `seed ${seed}, after ${sent} commands, ${replicas[i]!.kind} as replica`);
      }
    }
  } finally {
    for (const client of [...clients, ...copies]) await client.close();
  }
}

/** Who does what: for the case that somebody waits in vain. */
async function clientsOf(server: TestServer): Promise<string> {
  await using client = await server.connect();
  return String(await client.send("CLIENT", "LIST"));
}

async function sendAll(client: Client, commands: readonly string[][]): Promise<void> {
  for (let at = 0; at < commands.length; at += PIPELINE) {
    await client.pipelineRaw(commands.slice(at, at + PIPELINE));
  }
}

/** Longer than a slow machine needs to catch up and to remove what has expired. */
const DEADLINE_MS = 15_000;

/** Keys whose time is over stay in a digest until they are removed, and a replica waits to be told of that. */
async function compare(master: Client, replica: Client, when: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const [wanted, found] = await Promise.all([
      master.send("DEBUG", "DIGEST"),
      replica.send("DEBUG", "DIGEST"),
    ]);
    if (wanted === found) return;
    if (Date.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${when} the data differs:\n${(await differences(master, replica)).join("\n")}`);
}

async function differences(master: Client, replica: Client): Promise<string[]> {
  const found: string[] = [];
  for (let db = 0; db < 16; db++) {
    for (const client of [master, replica]) await client.sendRaw("SELECT", String(db));
    const [keys, others] = (await Promise.all([
      master.send("KEYS", "*"),
      replica.send("KEYS", "*"),
    ])) as string[][];
    for (const name of new Set([...keys!, ...others!])) {
      const [digest, other] = await Promise.all(
        [master, replica].map((client) => client.send("DEBUG", "DIGEST-VALUE", name)),
      );
      const [time, otherTime] = await Promise.all(
        [master, replica].map((client) => client.send("PEXPIRETIME", name)),
      );
      if (String(digest) === String(other) && time === otherTime) continue;
      const dumps = await Promise.all([master, replica].map((client) => client.send("DUMP", name)));
      found.push(
        `${db} ${showCommand([name])}: ${String(time)} ${String(otherTime)}, ${showCommand(dumps.map(String))}`,
      );
    }
  }
  return found;
}
