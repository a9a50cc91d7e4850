import { exact, type Exact } from "../support/exact.ts";
import type { Client } from "../support/client.ts";
import { difference, elementsOf, type Relaxation, relaxationOf } from "./relaxations.ts";

/** Where the servers disagreed: what was sent, why the replies are not equal, and both. */
export interface Disagreement {
  readonly command: readonly string[];
  readonly reason: string;
  readonly redis: Buffer;
  readonly leveldis: Buffer;
}

/**
 * Two connections, to a real redis-server and to the server under test, that are sent the same. Commands that
 * draw at random are made to leave both servers with the same data.
 */
export class Pair {
  readonly #redis: Client;
  readonly #tested: Client;
  readonly resp: 2 | 3;

  constructor(redis: Client, tested: Client, resp: 2 | 3) {
    this.#redis = redis;
    this.#tested = tested;
    this.resp = resp;
  }

  /** Empties both servers and selects database 0. */
  async reset(): Promise<void> {
    for (const client of [this.#redis, this.#tested]) {
      for (const command of [["FLUSHALL"], ["SELECT", "0"]]) {
        const reply = (await client.sendRaw(...command)).latin1Slice();
        if (reply !== "+OK\r\n") throw new Error(`${command.join(" ")} is answered with ${quote(reply)}`);
      }
    }
  }

  /** Nothing where the servers agree. */
  async run(command: readonly string[], relaxation?: Relaxation): Promise<Disagreement | undefined> {
    const allowed = relaxation ?? relaxationOf(command, this.resp);
    const [redis, leveldis] = await this.#sendBoth(command);
    const reason =
      allowed === "scan loop"
        ? await this.#compareScans(command, redis, leveldis)
        : (difference(allowed, redis, leveldis) ??
          (allowed === "random members" ? await this.#checkDraw(command, redis, leveldis) : undefined) ??
          (allowed === "payload" ? await this.#swapValues(command[1] ?? "", redis, leveldis) : undefined));
    return reason === undefined ? undefined : { command, reason, redis, leveldis };
  }

  /** Each server takes what the other one answers to `ask`. Nothing where both like it alike. */
  async handOver(
    ask: readonly string[],
    give: (reply: string) => readonly string[],
  ): Promise<Disagreement | undefined> {
    const [byRedis, byTested] = await this.#sendBoth(ask);
    const command = give("…");
    const redis = await this.#redis.sendRaw(...give(exact(byTested) as string));
    const leveldis = await this.#tested.sendRaw(...give(exact(byRedis) as string));
    const reason = difference("exact", redis, leveldis);
    return reason === undefined ? undefined : { command, reason, redis, leveldis };
  }

  /** The keys of the selected database, as redis-server has them. */
  async keys(): Promise<string[]> {
    return (await this.#redis.sendExact("KEYS", "*")) as string[];
  }

  async typeOf(key: string): Promise<string> {
    return ((await this.#redis.sendExact("TYPE", key)) as { status: string }).status;
  }

  #sendBoth(command: readonly string[]): Promise<[Buffer, Buffer]> {
    return Promise.all([this.#redis.sendRaw(...command), this.#tested.sendRaw(...command)]);
  }

  /** What was drawn must be there, without repetition where the command promises that. */
  async #checkDraw(command: readonly string[], redis: Buffer, tested: Buffer): Promise<string | undefined> {
    const [name, key = "", count] = [command[0]!.toUpperCase(), command[1], command[2]];
    const drawn = exact(tested);
    if (drawn === null) return undefined;
    if (typeof drawn === "object" && !Array.isArray(drawn) && "error" in drawn) return undefined;
    if (name === "RANDOMKEY") {
      const found = await this.#redis.sendExact("EXISTS", drawn as string);
      return found === 1 ? undefined : "the key is not there";
    }
    const members = membersOf(drawn, command[3] !== undefined && this.resp === 2);
    const distinct = [...new Set(members)];
    const repeats = name !== "SPOP" && count !== undefined && count.startsWith("-");
    if (!repeats && distinct.length !== members.length) return "a member was drawn twice";
    if (name === "SPOP") return this.#alignPop(key, membersOf(exact(redis), false), distinct);
    const look = { SRANDMEMBER: "SMISMEMBER", HRANDFIELD: "HMGET", ZRANDMEMBER: "ZMSCORE" }[name];
    if (look === undefined || distinct.length === 0) return undefined;
    const found = (await this.#redis.sendExact(look, key, ...distinct)) as Exact[];
    return found.some((value) => value === null || value === 0) ? "a member is not there" : undefined;
  }

  /** Each server restores what the other has dumped: the value has to be the same as before. */
  async #swapValues(key: string, redis: Buffer, tested: Buffer): Promise<string | undefined> {
    const payloads = [exact(redis), exact(tested)];
    if (payloads.some((payload) => typeof payload !== "string")) return undefined;
    const digest = ["DEBUG", "DIGEST-VALUE", key];
    const before = (await this.#sendBoth(digest)).map(String);
    const [redisExpiry, testedExpiry] = (await this.#sendBoth(["PEXPIRETIME", key])).map((reply) =>
      Math.max(Number(exact(reply)), 0),
    );
    const options = ["REPLACE", "ABSTTL"];
    const restore = (expiry: number, payload: Exact): string[] => [
      "RESTORE",
      key,
      String(expiry),
      payload as string,
      ...options,
    ];
    const restored = [
      await this.#redis.sendRaw(...restore(redisExpiry!, payloads[1]!)),
      await this.#tested.sendRaw(...restore(testedExpiry!, payloads[0]!)),
    ].map(String);
    const after = (await this.#sendBoth(digest)).map(String);
    if (restored.some((reply) => reply !== "+OK\r\n")) return `not restored: ${restored.join()}`;
    return new Set([...before, ...after]).size === 1
      ? undefined
      : `values differ: ${[...before, ...after].join()}`;
  }

  /** Redis popped others: it gets them back and gives up those that were popped from the tested server. */
  async #alignPop(
    key: string,
    byRedis: readonly string[],
    byTested: readonly string[],
  ): Promise<string | undefined> {
    if (byTested.length === 0) return undefined;
    const back = byRedis.filter((member) => !byTested.includes(member));
    const gone = byTested.filter((member) => !byRedis.includes(member));
    if (back.length > 0) await this.#redis.sendRaw("SADD", key, ...back);
    if (gone.length === 0) return undefined;
    return (await this.#redis.sendExact("SREM", key, ...gone)) === gone.length
      ? undefined
      : "a member is not there";
  }

  /** Iterates to the end on both sides; errors, and replies to a cursor that is in the middle, are compared as they are. */
  async #compareScans(
    command: readonly string[],
    redis: Buffer,
    tested: Buffer,
  ): Promise<string | undefined> {
    const [first, second] = [exact(redis), exact(tested)];
    if (!isScanReply(first) || !isScanReply(second)) return difference("exact", redis, tested);
    const name = command[0]!.toUpperCase();
    const cursorAt = name === "SCAN" ? 1 : 2;
    if (command[cursorAt] !== "0") return undefined;
    const perElement = name === "HSCAN" || name === "ZSCAN" ? 2 : 1;
    const collected = await Promise.all([
      collectScan(this.#redis, command, cursorAt, first, perElement),
      collectScan(this.#tested, command, cursorAt, second, perElement),
    ]);
    return collected[0] === collected[1] ? undefined : `collected ${collected[0]} and ${collected[1]}`;
  }
}

type ScanReply = [string, Exact[]];

function isScanReply(value: Exact): value is ScanReply {
  return (
    Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && Array.isArray(value[1])
  );
}

async function collectScan(
  client: Client,
  command: readonly string[],
  cursorAt: number,
  first: ScanReply,
  perElement: number,
): Promise<string> {
  const found = new Set<string>();
  let reply = first;
  for (let rounds = 0; ; rounds++) {
    if (rounds > 100_000) throw new Error(`${command.join(" ")} does not come to an end`);
    const elements = reply[1];
    for (let i = 0; i < elements.length; i += perElement)
      found.add(JSON.stringify(elements.slice(i, i + perElement)));
    if (reply[0] === "0") break;
    const next = await client.sendExact(...command.with(cursorAt, reply[0]));
    if (!isScanReply(next))
      throw new Error(`${command.join(" ")} with cursor ${reply[0]}: ${JSON.stringify(next)}`);
    reply = next;
  }
  return [...found].toSorted().join();
}

/** The members in a reply of one, of many, or of pairs with a value or score each. */
function membersOf(value: Exact, flatPairs: boolean): string[] {
  const elements = elementsOf(value) ?? (value === null ? [] : [value]);
  const members = flatPairs ? elements.filter((_, index) => index % 2 === 0) : elements;
  return members.map((element) => (Array.isArray(element) ? element[0] : element) as string);
}

/** A command as it would be typed, non-printing bytes escaped; of a very long one the beginning. */
export function showCommand(command: readonly string[]): string {
  const words = command.map((word) => (/^[\w!#-&*-~]+$/.test(word) ? word : quote(word))).join(" ");
  return words.length > 300 ? `${words.slice(0, 300)}… (${command.length} words)` : words;
}

export function showDisagreement({ command, reason, redis, leveldis }: Disagreement): string {
  return `${showCommand(command)}\n  ${reason}\n  redis:    ${show(redis)}\n  leveldis: ${show(leveldis)}`;
}

function show(reply: Buffer): string {
  const text = quote(reply.toString("latin1", 0, 1000));
  return reply.length > 1000 ? `${text}… (${reply.length} bytes)` : text;
}

function quote(bytes: string): string {
  const hex = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return JSON.stringify(bytes)
    .replace(/[\x7f-\xff]/g, hex)
    .replace(/\\u00(..)/g, "\\x$1");
}
