import { describe, expect, test } from "vitest";
import { splitArgs } from "../../src/support/split-args.ts";
import { type Client, encodeCommand } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const redis = useServer({ kind: "redis", args: ["--enable-debug-command", "yes"] });
const tested = useServer({ args: ["--enable-debug-command", "yes"] });

/**
 * Who says what: `a: GET k`, several commands in one write with ` ; ` between them. `<b>` is the id of client b. Clients
 * whose name is in capitals speak RESP3.
 */
type Scenario = readonly string[];

/** One connection, and all that came to it since the last step. */
class Party {
  readonly name: string;
  readonly #client: Client;
  readonly id: number;
  #isSubscribed = false;

  private constructor(name: string, client: Client, id: number) {
    this.name = name;
    this.#client = client;
    this.id = id;
  }

  static async join(server: TestServer, name: string): Promise<Party> {
    const client = await (name === name.toUpperCase() ? server.connect3() : server.connect());
    await client.sendRaw("CLIENT", "SETNAME", "marker");
    return new Party(name, client, (await client.sendExact("CLIENT", "ID")) as number);
  }

  say(commands: readonly (readonly string[])[]): void {
    for (const command of commands) this.#follow(command);
    this.#client.write(Buffer.concat(commands.map(encodeCommand)));
  }

  /** Subscribers of RESP2 may send little more than PING, and PING ends what CLIENT CACHING began. */
  #follow([name = ""]: readonly string[]): void {
    if (/^[ps]?subscribe$/i.test(name)) this.#isSubscribed = true;
    if (/^([ps]?unsubscribe|reset)$/i.test(name)) this.#isSubscribed = false;
  }

  /** What has come, and what the step before has caused beyond its replies: that takes another round. */
  async heard(): Promise<string> {
    return (await this.#heardSoFar()) + (await this.#heardSoFar());
  }

  async #heardSoFar(): Promise<string> {
    this.#client.write(encodeCommand(this.#isSubscribed ? ["PING", "marker"] : ["CLIENT", "GETNAME"]));
    let heard = "";
    for (;;) {
      const reply = (await this.#client.readRaw()).latin1Slice();
      if (reply.endsWith("$6\r\nmarker\r\n")) return heard;
      heard += reply;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** What each client hears after each step. */
async function play(server: TestServer, scenario: Scenario): Promise<string[]> {
  const parties = new Map<string, Party>();
  const names = new Set(
    scenario.flatMap((line) => [
      line.split(":")[0]!,
      ...[...line.matchAll(/<(\w+)>/g)].map((match) => match[1]!),
    ]),
  );
  for (const name of names) parties.set(name, await Party.join(server, name));
  const left = new Map<string, number>();
  const idOf = (name: string): number => parties.get(name)?.id ?? left.get(name)!;
  /** Ids differ between servers; where they are told, the numbers around them are not small. */
  const anonymous = (heard: string): string =>
    /redirect|redir-broken|proto/.test(heard)
      ? [...parties.keys(), ...left.keys()].reduce(
          (text, name) => text.replaceAll(`:${idOf(name)}\r\n`, `<${name}>`),
          heard,
        )
      : heard;
  const transcript: string[] = [];
  try {
    await using admin = await server.connect();
    await admin.send("FLUSHALL");
    for (const line of scenario) {
      const [, name, text] = /^(\w+): (.*)$/.exec(line)!;
      if (text === "leaves") {
        const gone = parties.get(name!)!;
        await gone.close();
        left.set(name!, gone.id);
        parties.delete(name!);
        while (String(await admin.send("CLIENT", "LIST")).includes(`id=${gone.id} `));
        continue;
      }
      const withIds = text!.replaceAll(/<(\w+)>/g, (_, other: string) => String(idOf(other)));
      parties.get(name!)!.say(withIds.split(" ; ").map((command) => splitArgs(command)!));
      if (text!.includes(" BLOCK ") || text!.startsWith("BL")) {
        while (!String(await admin.send("INFO", "clients")).includes("blocked_clients:1\r"));
        continue;
      }
      // Who spoke first: the others are told before its reply leaves, or with it.
      const order = [parties.get(name!)!, ...[...parties.values()].filter((party) => party.name !== name)];
      for (const party of order) {
        const heard = await party.heard();
        if (heard !== "" || party.name === name) {
          transcript.push(`${line}\n   ${party.name} hears ${JSON.stringify(anonymous(heard))}`);
        }
      }
    }
  } finally {
    for (const party of parties.values()) await party.close();
  }
  return transcript;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "each read is told of once": [
    "A: CLIENT TRACKING ON",
    "A: GET k ; GET k ; MGET k l m",
    "b: SET k 1 ; SET k 2 ; SET other 1",
    "b: MSET l 1 m 2 k 3",
    "A: GET k",
    "b: DEL k l m ; DEL k",
    "A: CLIENT TRACKING OFF ; GET k",
    "b: SET k 1",
  ],
  "what the client changes itself": [
    "A: CLIENT TRACKING ON",
    "A: GET k ; SET k 1 ; GET k ; INCR k ; INCR k",
    "A: MSET a 1 b 2 ; MGET b a ; MSET a 1 b 2 a 3",
    "A: HSET h f 1 ; HGET h f ; HDEL h f",
    "A: CLIENT TRACKING ON NOLOOP ; GET k ; SET k 1",
    "A: GET k",
    "b: SET k 1",
    "A: GET k ; SET k 2",
    "b: SET k 1",
  ],
  "only commands that read are remembered": [
    "A: CLIENT TRACKING ON",
    "A: SET k 1 ; INCR k ; APPEND k 1 ; GETDEL k ; SADD s a b ; SREM s a",
    "b: SET k 1 ; SADD s c",
    "A: STRLEN k ; SCARD s ; TTL t ; EXISTS e e2 ; TYPE y ; OBJECT ENCODING k ; LCS k s ; GET s",
    "b: SET k 1 ; SADD s d ; SET t 1 ; SET e 1 ; SET e2 1 ; SET y 1",
    "A: HGETALL h ; ZRANGE z 0 -1 ; SINTER s1 s2 ; ZUNION 2 z1 z2 ; SORT_RO so ; SSCAN sc 0 ; LRANGE l 0 -1",
    "b: HSET h f 1 ; ZADD z 1 a ; SADD s2 a ; SADD s1 a ; ZADD z2 1 a ; ZADD z1 1 a ; SADD so 1 ; SADD sc 1 ; RPUSH l 1",
    "A: GETEX k ; GETEX k EX 100 ; SINTERSTORE d s1 s2 ; COPY k copy ; PFCOUNT p q",
    "b: SET k 1 ; SADD s1 x ; SADD s2 x ; SET copy 1 ; PFADD p 1",
    "A: GET ; MGET ; NOSUCH k ; BITCOUNT k 1",
    "b: SET k 1",
  ],
  "a key is one, whatever the database": [
    "A: CLIENT TRACKING ON",
    "A: GET k",
    "b: SELECT 3 ; SET k 1",
    "A: SELECT 2 ; GET k",
    "b: SELECT 0 ; SWAPDB 2 3 ; SWAPDB 2 3",
    "b: SET k 1",
    "A: GET k ; MOVE k 5",
    "A: SELECT 0 ; GET k",
    "b: MOVE k 4",
    "A: GET from ; GET to",
    "b: SET from 1",
    "A: GET from ; GET to",
    "b: RENAME from to",
    "A: GET from ; GET to",
    "b: COPY to from",
  ],
  modes: [
    "A: CLIENT TRACKING ON OPTIN",
    "A: GET k",
    "b: SET k 1",
    "A: CLIENT CACHING YES ; CLIENT TRACKINGINFO ; GET k ; CLIENT TRACKINGINFO ; GET l",
    "b: SET k 1 ; SET l 1",
    "A: CLIENT CACHING YES ; PING ; GET k",
    "b: SET k 1",
    "A: CLIENT CACHING YES ; MULTI ; GET k ; GET l ; EXEC ; GET m",
    "b: SET k 1 ; SET l 1 ; SET m 1",
    "A: CLIENT CACHING YES ; MULTI ; PING ; DISCARD ; GET k",
    "b: SET k 1",
    "A: CLIENT CACHING NO ; CLIENT CACHING MAYBE ; CLIENT CACHING",
    "A: CLIENT TRACKING ON OPTOUT ; CLIENT TRACKING OFF ; CLIENT TRACKING ON OPTOUT",
    "A: GET k ; CLIENT CACHING NO ; CLIENT TRACKINGINFO ; GET l",
    "b: SET k 1 ; SET l 1",
    "A: CLIENT CACHING YES",
    "A: CLIENT TRACKING ON ; CLIENT TRACKINGINFO ; CLIENT TRACKING OFF ; CLIENT CACHING YES",
  ],
  errors: [
    "A: CLIENT TRACKING ; CLIENT TRACKING MAYBE ; CLIENT TRACKING ON NONSENSE ; CLIENT TRACKING OFF NONSENSE",
    "A: CLIENT TRACKING ON REDIRECT ; CLIENT TRACKING ON PREFIX ; CLIENT TRACKING ON REDIRECT x",
    "A: CLIENT TRACKING ON REDIRECT 99999 ; CLIENT TRACKING ON REDIRECT 0 ; CLIENT TRACKING ON REDIRECT -1",
    "A: CLIENT TRACKING ON REDIRECT <b> REDIRECT <b> ; CLIENT TRACKING OFF REDIRECT 99999",
    "A: CLIENT TRACKING ON PREFIX a ; CLIENT TRACKING ON BCAST OPTIN ; CLIENT TRACKING ON OPTIN OPTOUT",
    "A: CLIENT TRACKING ON BCAST OPTIN OPTOUT PREFIX a ; CLIENT TRACKING ON BCAST PREFIX ab PREFIX a",
    "A: CLIENT TRACKING ON BCAST PREFIX a PREFIX ab ; CLIENT TRACKING ON BCAST PREFIX a PREFIX a",
    "A: CLIENT TRACKINGINFO ; CLIENT GETREDIR",
    "A: CLIENT TRACKING ON BCAST PREFIX b PREFIX a ; CLIENT TRACKINGINFO ; CLIENT TRACKING ON",
    'A: CLIENT TRACKING ON BCAST PREFIX bc PREFIX d ; CLIENT TRACKING ON BCAST PREFIX c PREFIX "" ; CLIENT TRACKING ON OPTIN',
    "A: CLIENT TRACKING ON BCAST PREFIX c NOLOOP ; CLIENT TRACKINGINFO",
    "A: CLIENT TRACKING ON BCAST ; CLIENT TRACKINGINFO ; CLIENT TRACKING ON BCAST",
    "A: CLIENT TRACKING OFF ; CLIENT TRACKING OFF ; CLIENT TRACKINGINFO ; CLIENT TRACKING ON OPTIN ; CLIENT TRACKING ON BCAST",
    "A: CLIENT TRACKING OFF ; CLIENT TRACKING ON PREFIX a BCAST ; CLIENT TRACKING ON BCAST PREFIX",
    "A: CLIENT GETREDIR x ; CLIENT TRACKINGINFO x ; CLIENT CACHING YES NO ; client tracking off",
    "a: CLIENT TRACKING ON ; CLIENT TRACKINGINFO ; CLIENT GETREDIR ; CLIENT TRACKING OFF ; CLIENT GETREDIR",
  ],
  broadcasts: [
    "A: CLIENT TRACKING ON BCAST",
    "b: MSET k 1 k 2 a 1",
    "A: SET own 1",
    "b: MSET c 1 b 2 a 3",
    "A: CLIENT TRACKING OFF ; CLIENT TRACKING ON BCAST PREFIX user: PREFIX item: NOLOOP",
    "b: MSET user:2 1 item:1 1 user:1 1 other 1 use 1 user: 1",
    "A: MSET user:2 1 item:1 1",
    "C: CLIENT TRACKING ON BCAST PREFIX user:",
    "A: MSET user:2 1 item:1 1 user:3 1",
    "b: FLUSHDB",
    "b: MULTI ; SET user:1 1 ; SET none 1 ; SET item:1 1 ; SET user:0 1 ; EXEC",
    "A: GET user:1 ; CLIENT TRACKING OFF ; CLIENT TRACKING ON",
    "b: SET user:1 2",
    "A: GET user:1 ; CLIENT TRACKING OFF ; CLIENT TRACKING ON BCAST PREFIX x",
    "b: SET user:1 2",
    "A: RESET ; CLIENT SETNAME marker",
    "b: SET x 1",
  ],
  "redirected to a subscriber": [
    "s: SUBSCRIBE __redis__:invalidate",
    "a: CLIENT TRACKING ON REDIRECT <s>",
    "a: CLIENT TRACKINGINFO ; CLIENT GETREDIR",
    "a: GET k ; GET l",
    "b: SET k 1 ; SET l 1 ; SET l 2",
    "a: GET k ; SET k 1",
    "b: MSET k 1 l 1",
    "C: CLIENT TRACKING ON REDIRECT <s>",
    "C: GET k ; GET l",
    "a: GET l",
    "C: MSET k 1 l 1",
    "a: GET k",
    "C: CLIENT TRACKING OFF",
    "b: FLUSHALL",
    "a: CLIENT TRACKING OFF ; CLIENT TRACKING ON BCAST REDIRECT <s>",
    "b: MSET b 1 a 2",
    "s: UNSUBSCRIBE ; PSUBSCRIBE any*",
    "b: MSET b 1 a 2",
    "s: PUNSUBSCRIBE",
    "b: MSET b 1 a 2",
    "s: HELLO 3 AUTH",
    "s: HELLO 3 SETNAME marker",
    "b: MSET b 1 a 2",
    "s: RESET ; CLIENT SETNAME marker",
    "b: MSET b 1 a 2",
  ],
  "redirected to a client of RESP3": [
    "A: CLIENT TRACKING ON REDIRECT <C>",
    "A: GET k ; GET l",
    "b: SET k 1",
    "A: SET l 1",
    "A: GET k",
    "C: SET k 2",
    "A: CLIENT TRACKING ON REDIRECT <A> ; GET k ; CLIENT TRACKINGINFO",
    "b: SET k 2",
    "A: GET k ; SET k 1",
    "C: CLIENT TRACKING ON REDIRECT <A> ; GET k",
    "A: GET k ; SET k 1",
    "b: FLUSHALL",
  ],
  "a receiver that leaves": [
    "A: CLIENT TRACKING ON REDIRECT <C>",
    "a: CLIENT TRACKING ON REDIRECT <C>",
    "A: GET k ; GET l",
    "a: GET k",
    "C: leaves",
    "A: CLIENT TRACKINGINFO",
    "b: SET k 1",
    "A: CLIENT TRACKINGINFO",
    "a: CLIENT TRACKINGINFO",
    "A: SET l 1",
    "b: FLUSHDB",
    "A: CLIENT TRACKING ON ; CLIENT TRACKINGINFO",
  ],
  "everything at once": [
    "A: CLIENT TRACKING ON",
    "C: CLIENT TRACKING ON BCAST PREFIX x",
    "A: GET k",
    "b: FLUSHALL",
    "b: FLUSHDB ; SET k 1",
    "A: FLUSHALL",
    "A: GET k ; MULTI ; SET l 1 ; FLUSHDB ; GET k ; EXEC",
    "b: SET k 1",
    "A: GET k ; FLUSHALL ASYNC ; GET k",
  ],
  transactions: [
    "A: CLIENT TRACKING ON",
    "A: GET a ; MULTI ; INCR a ; GET b ; EXEC",
    "b: SET b 1",
    "A: MULTI ; INCR a ; GET a ; INCR b ; GET b ; EXEC",
    "b: SET a 1 ; SET b 1",
    "A: MULTI ; GET a ; INCR a ; INCR a ; GET b ; EXEC",
    "b: SET a 1 ; SET b 1",
    "A: MULTI ; GET a ; CLIENT TRACKING OFF ; GET b ; CLIENT TRACKING ON ; GET c ; EXEC",
    "b: MSET a 1 b 1 c 1",
    "A: GET a ; MULTI ; NOSUCH ; GET b ; EXEC",
    "b: MULTI ; SET a 1 ; SET b 1 ; SET a 2 ; EXEC",
    "A: GET a ; WATCH a ; MULTI ; GET b ; DISCARD",
    "b: SET b 1 ; SET a 1",
  ],
  "replies that are not wanted": [
    "A: CLIENT TRACKING ON",
    "A: GET k ; CLIENT REPLY OFF ; SET k 1 ; GET k ; SET k 1 ; CLIENT REPLY ON",
    "A: GET k ; CLIENT REPLY SKIP ; SET k 1 ; PING",
  ],
  "blocked clients": [
    "A: CLIENT TRACKING ON",
    "A: XREAD STREAMS st 0",
    "b: XADD st 1-1 f v",
    "A: XREAD BLOCK 0 STREAMS st st2 $ $",
    "b: XADD st 2-1 f v",
    "b: XADD st 3-1 f v ; XADD st2 1-1 f v",
    "A: LRANGE to 0 -1 ; LRANGE from 0 -1",
    "A: BLMOVE from to LEFT LEFT 0",
    "b: RPUSH from x",
    "A: LRANGE to 0 -1 ; GET k",
    "A: BLPOP from 0",
    "b: MULTI ; SET k 1 ; RPUSH from x ; SET k 2 ; EXEC",
    "A: BLPOP from 0",
    "b: LPUSH to x ; CLIENT UNBLOCK <A>",
  ],
  "keys whose time is over": [
    "b: DEBUG SET-ACTIVE-EXPIRE 0 ; MSET x 1 y 2 ; SET z 1 PX 500 ; SET y 2 PX 500",
    "A: CLIENT TRACKING ON",
    "C: CLIENT TRACKING ON BCAST NOLOOP",
    "A: GET x ; GET y ; GET z",
    "b: DEBUG SLEEP 0.6",
    "A: MGET x y",
    "C: GET z",
    "b: SET y 1",
    "A: EXPIRE x 100 ; GET x",
    "b: PERSIST x ; PERSIST x",
    "b: DEBUG SET-ACTIVE-EXPIRE 1",
  ],
};

describe.each(Object.entries(SCENARIOS))("%s", (_, scenario) => {
  test("everybody hears the same", async () => {
    expect(await play(tested, scenario)).toEqual(await play(redis, scenario));
  });
});
