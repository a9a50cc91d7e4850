import type { Context } from "../commands/command.ts";
import type { Client, Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import type { ScriptCaller } from "../commands/script-caller.ts";
import type { Watches } from "../commands/transaction.ts";
import type { Database } from "../keyspace/database.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Propagation } from "../keyspace/propagation.ts";
import type { Reply } from "../resp/reply.ts";
import type { Attempt } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { Random } from "../support/random.ts";

/** The one context: handlers run one at a time, so it is filled anew for each attempt. */
export class CommandContext implements Context {
  readonly keyspace: Keyspace;
  readonly watches: Watches;
  call: (command: Command, args: readonly Bytes[]) => Reply = refuse;
  scripts!: ScriptCaller;
  readonly #seeds: Random;
  nowMs = 0;
  client!: Client;
  server!: Server;
  wokenBy: Bytes | null = null;
  attempt!: Attempt;
  /** What the commands of a transaction have answered so far. */
  readonly replies: Reply[] = [];
  #work: ((batch: number) => void)[] = [];

  constructor(keyspace: Keyspace, seeds: Random, watches: Watches) {
    this.keyspace = keyspace;
    this.#seeds = seeds;
    this.watches = watches;
  }

  begin(client: Client, attempt: Attempt, nowMs: number, wokenBy: Bytes | null): void {
    this.client = client;
    this.nowMs = nowMs;
    this.attempt = attempt;
    this.wokenBy = wokenBy;
  }

  get db(): Database {
    return this.keyspace.databases[this.client.dbIndex]!;
  }

  get propagation(): Propagation {
    return this.keyspace.propagation;
  }

  get resp(): 2 | 3 {
    return this.client.resp;
  }

  readonly afterwards = (work: (batch: number) => void): void => void this.#work.push(work);

  /** What is to be done now that the command is final. */
  takeWork(): readonly ((batch: number) => void)[] {
    if (this.#work.length === 0) return NO_WORK;
    const work = this.#work;
    this.#work = [];
    if (this.replies.length > 0) this.replies.length = 0;
    return work;
  }

  /** The attempt is thrown away; `close` is given the replies that nobody will read. */
  forget(close: (reply: Reply) => void): void {
    this.#work = [];
    for (const reply of this.replies.splice(0)) close(reply);
  }

  /** Made when a command first asks; an attempt that runs again draws the same numbers. */
  get random(): Random {
    const { attempt } = this;
    if (attempt.random === null) {
      attempt.random = new Random(this.#seeds.next32() * 0x10_0000 + this.#seeds.next32() / 0x1000);
      attempt.random.mark();
    }
    return attempt.random;
  }
}

const NO_WORK: readonly ((batch: number) => void)[] = [];

function refuse(): never {
  throw new Error("a command that runs others where none can be run");
}
