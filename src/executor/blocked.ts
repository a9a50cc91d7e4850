import type { Command } from "../commands/registered-command.ts";
import type { WaitFor } from "../commands/wait-for.ts";
import type { CommandError } from "../errors.ts";
import type { Entry } from "../keyspace/entry.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { ChangeObserver } from "./changes.ts";
import type { Caller } from "./caller.ts";

/** What `setTimeout` can wait for at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A client in a blocking command. */
export interface Blocked {
  readonly caller: Caller;
  readonly command: Command;
  readonly args: readonly Bytes[];
  readonly dbIndex: number;
  readonly wait: WaitFor;
  timer: NodeJS.Timeout | null;
}

/** A blocked client, and the key that may have something for it. */
export interface Ready {
  readonly blocked: Blocked;
  readonly key: Bytes;
}

/**
 * Clients that wait for keys: first come, first served. What changed a key makes the key ready; the executor then runs
 * the commands of those who wait for it again, one after the other, before anything else.
 */
export class BlockedClients implements ChangeObserver {
  readonly #keyspace: Keyspace;
  readonly #onInterest: () => void;
  readonly #byCaller = new Map<object, Blocked>();
  /** By database and key, in order of arrival. */
  readonly #byKey = new Map<string, Set<Blocked>>();
  /** Keys that changed and may have something for those who wait. */
  readonly #ready = new Map<string, { readonly dbIndex: number; readonly key: Bytes }>();

  readonly #onUnserved: (command: Command, error: CommandError | null) => void;

  /** `onUnserved`: a command has waited in vain, or its wait ends with an error. That is a call as any other. */
  constructor(
    keyspace: Keyspace,
    onInterest: () => void,
    onUnserved: (command: Command, error: CommandError | null) => void,
  ) {
    this.#keyspace = keyspace;
    this.#onInterest = onInterest;
    this.#onUnserved = onUnserved;
  }

  /** Who waits for a consumer group has to know that it is gone. */
  readonly seesHidden = true;

  get isInterested(): boolean {
    return this.#byCaller.size > 0;
  }

  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  add(caller: Caller, command: Command, args: readonly Bytes[], wait: WaitFor): void {
    const blocked: Blocked = {
      caller,
      command,
      args: wait.args ?? args,
      dbIndex: caller.dbIndex,
      wait,
      timer: null,
    };
    this.#byCaller.set(caller, blocked);
    for (const key of wait.keys) {
      const name = nameOf(blocked.dbIndex, key);
      let waiting = this.#byKey.get(name);
      if (waiting === undefined) this.#byKey.set(name, (waiting = new Set<Blocked>()));
      waiting.add(blocked);
    }
    caller.blocked = true;
    if (wait.untilMs > 0) this.#setTimer(blocked);
    this.#onInterest();
  }

  #setTimer(blocked: Blocked): void {
    const leftMs = blocked.wait.untilMs - Date.now();
    if (leftMs > MAX_TIMER_MS) blocked.timer = setTimeout(() => this.#setTimer(blocked), MAX_TIMER_MS);
    else {
      blocked.timer = setTimeout(() => this.release(blocked.caller, null), Math.max(leftMs, 0));
    }
    blocked.timer.unref();
  }

  isWaiting(client: object): boolean {
    return this.#byCaller.has(client);
  }

  isWaitingFor(client: object, wait: WaitFor): boolean {
    return this.#byCaller.get(client)?.wait === wait;
  }

  /** Ends the wait of a client with a reply; null: as if its time were over. */
  release(client: object, reply: Reply | null): void {
    const blocked = this.#byCaller.get(client);
    if (blocked === undefined) return;
    this.remove(client);
    if (reply === null) this.#onUnserved(blocked.command, null);
    const { lateReply, timeoutReply } = blocked.wait;
    blocked.caller.resume(reply ?? (lateReply === null ? timeoutReply : lateReply()), 0);
  }

  /** Ends the wait of a client with an error. */
  fail(client: object, error: CommandError): void {
    const blocked = this.#byCaller.get(client);
    if (blocked === undefined) return;
    this.#onUnserved(blocked.command, error);
    this.release(client, error.reply);
  }

  /** The client no longer waits, whatever the reason. */
  remove(client: object): void {
    const blocked = this.#byCaller.get(client);
    if (blocked === undefined) return;
    this.#byCaller.delete(client);
    for (const key of blocked.wait.keys) {
      const name = nameOf(blocked.dbIndex, key);
      const waiting = this.#byKey.get(name);
      waiting?.delete(blocked);
      if (waiting?.size === 0) this.#byKey.delete(name);
    }
    if (blocked.timer !== null) clearTimeout(blocked.timer);
    blocked.caller.blocked = false;
    this.#onInterest();
  }

  keyChanged(entry: Entry): void {
    this.#signal(entry.db.index, entry.key);
  }

  databaseChanged(dbIndex: number): void {
    for (const blocked of this.#byCaller.values()) {
      if (blocked.dbIndex === dbIndex) for (const key of blocked.wait.keys) this.#signal(dbIndex, key);
    }
  }

  #signal(dbIndex: number, key: Bytes): void {
    const name = nameOf(dbIndex, key);
    if (this.#byKey.has(name)) this.#ready.set(name, { dbIndex, key });
  }

  /**
   * Takes the next ready key, with those who wait for it. A key may be ready that is not there, or holds something else:
   * `canServe` tells, once the key is in memory.
   */
  takeReady(): Ready[] {
    for (const [name, { key }] of this.#ready) {
      this.#ready.delete(name);
      const waiting = this.#byKey.get(name);
      if (waiting !== undefined) return [...waiting].map((blocked) => ({ blocked, key }));
    }
    return [];
  }

  /** Whether the key may have something for the client. May fault. */
  canServe({ blocked, key }: Ready): boolean {
    const entry = this.#keyspace.databases[blocked.dbIndex]!.peek(key);
    if (entry === null) return blocked.wait.wakesWhenGone;
    return entry.type === blocked.wait.type || blocked.wait.wakesWhenGone;
  }
}

function nameOf(dbIndex: number, key: Bytes): string {
  return `${dbIndex} ${key}`;
}
