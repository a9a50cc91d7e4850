import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../support/client.ts";
import { type ServerKind, TestServer } from "../support/server.ts";

/** Long enough for a machine that does ten other things. */
const DEADLINE_MS = 30_000;

/** Asks again until there is an answer; fails with what was asked for. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | undefined | false> | Value | undefined | false,
  deadlineMs = DEADLINE_MS,
): Promise<Value> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await sleep(20);
  }
}

/** The fields of INFO. */
export async function infoOf(client: Client, section = "replication"): Promise<Map<string, string>> {
  const text = String(await client.send("INFO", section));
  return new Map(
    text
      .split("\r\n")
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const),
  );
}

/** Replicas begin at once, and digests may be asked for. */
export const QUICK = ["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"];

/**
 * The backlog is enough for what is written while a server starts again, and nothing is added to
 * it but what the test writes.
 */
const OF_MASTERS = [...QUICK, ...["--repl-backlog-size", "64mb"], ...["--repl-ping-replica-period", "3600"]];

/** A server that may be asked for its digest. */
export function nodeOf(kind: ServerKind, ...args: readonly string[]): TestServer {
  const common = [...OF_MASTERS, ...args];
  return new TestServer(
    kind === "redis" ? { kind, args: common, variant: "normal" } : { kind, args: common },
  );
}

export async function follow(replica: Client, master: { readonly port: number }): Promise<void> {
  const reply = await replica.send("REPLICAOF", "127.0.0.1", master.port);
  if (!String(reply).startsWith("OK")) throw new Error(`REPLICAOF is answered with ${String(reply)}`);
}

export const isUp = async (replica: Client): Promise<boolean> =>
  (await infoOf(replica)).get("master_link_status") === "up";

export const linkUp = (replica: Client): Promise<boolean> =>
  until("the link to the master is up", () => isUp(replica));

/** Until each of the replicas is where the master is, and has the same data. Nobody may write meanwhile. */
export async function caughtUp(master: Client, ...replicas: readonly Client[]): Promise<void> {
  for (const replica of replicas) {
    await until("the replica is where its master is", async () => {
      const wanted = await infoOf(master);
      const info = await infoOf(replica);
      return (
        info.get("master_link_status") === "up" &&
        info.get("master_repl_offset") === wanted.get("master_repl_offset") &&
        info.get("master_replid") === wanted.get("master_replid")
      );
    });
    const digests = [await master.send("DEBUG", "DIGEST"), await replica.send("DEBUG", "DIGEST")];
    if (digests[0] !== digests[1]) {
      throw new Error(`the replica has other data than its master: ${await differences(master, replica)}`);
    }
  }
}

/** Some of the keys of database 0 that are not equal. */
async function differences(master: Client, replica: Client): Promise<string> {
  const names = await Promise.all([master, replica].map((client) => client.send("KEYS", "*")));
  const keys = [...new Set((names as string[][]).flat())].sort();
  const found: string[] = [];
  for (const key of keys) {
    const [ours, theirs] = await Promise.all(
      [master, replica].map((client) => client.send("DEBUG", "DIGEST-VALUE", key)),
    );
    if (String(ours) !== String(theirs)) found.push(key);
  }
  return `${found.length} of ${keys.length} keys in database 0: ${found.slice(0, 5).join(", ")}`;
}

/** How many replicas have got all the data, and how many went on. */
export const syncsOf = async (master: Client): Promise<{ full: number; partial: number }> => {
  const info = await infoOf(master, "stats");
  return { full: Number(info.get("sync_full")), partial: Number(info.get("sync_partial_ok")) };
};

/** Writes until `end` is called; returns how many were acknowledged. */
export function writer(client: Client, prefix: string): { end(): Promise<number> } {
  let isOver = false;
  let written = 0;
  const work = (async (): Promise<void> => {
    while (!isOver) {
      const key = `${prefix}${written % 300}`;
      await client.pipeline([
        ["MULTI"],
        ["INCR", `${prefix}count`],
        ["RPUSH", key, written],
        ["EXEC"],
        ["SET", `${prefix}last`, written],
      ]);
      written++;
      // No more than a busy machine can take in.
      await sleep(2);
    }
  })();
  return {
    async end() {
      isOver = true;
      await work;
      return written;
    },
  };
}
