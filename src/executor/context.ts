import type { Client, Server } from "../commands/host.ts";
import type { Context } from "../commands/command.ts";
import type { Database } from "../keyspace/database.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Attempt } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { Random } from "../support/random.ts";

/** The one context: handlers run one at a time, so it is filled anew for each attempt. */
export class CommandContext implements Context {
  readonly keyspace: Keyspace;
  readonly #seeds: Random;
  nowMs = 0;
  client!: Client;
  server!: Server;
  wokenBy: Bytes | null = null;
  #attempt!: Attempt;

  constructor(keyspace: Keyspace, seeds: Random) {
    this.keyspace = keyspace;
    this.#seeds = seeds;
  }

  begin(client: Client, attempt: Attempt, nowMs: number): void {
    this.client = client;
    this.nowMs = nowMs;
    this.#attempt = attempt;
  }

  get db(): Database {
    return this.keyspace.databases[this.client.dbIndex]!;
  }

  get resp(): 2 | 3 {
    return this.client.resp;
  }

  /** Made when a command first asks; an attempt that runs again draws the same numbers. */
  get random(): Random {
    const attempt = this.#attempt;
    if (attempt.random === null) {
      attempt.random = new Random(this.#seeds.next32() * 0x10_0000 + this.#seeds.next32() / 0x1000);
      attempt.random.mark();
    }
    return attempt.random;
  }
}
