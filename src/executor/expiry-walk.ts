import { setImmediate as nextTurn } from "node:timers/promises";
import type { DueKey } from "../keyspace/expiry-window.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Bytes } from "../support/bytes.ts";
import type { OwnWork } from "./own-work.ts";

/** How exact the walk is: a key that nobody asks for goes at most this much later. */
const TICK_MS = 50;

/** Removes keys whose time is over, whether or not anybody asks for them. */
export class ExpiryWalk {
  readonly #ownWork: OwnWork;
  readonly #keyspace: Keyspace;
  readonly #logError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #isWalking = false;
  /** DEBUG SET-ACTIVE-EXPIRE 0 turns it off. */
  isActive = true;

  constructor(ownWork: OwnWork, keyspace: Keyspace, logError: (error: unknown) => void) {
    this.#ownWork = ownWork;
    this.#keyspace = keyspace;
    this.#logError = logError;
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  get #isDue(): boolean {
    return this.isActive && this.#keyspace.expiry.nextDueMs <= Date.now() && this.#ownWork.mayRemoveExpired;
  }

  /** On a replica only what its own clients have given a time. */
  get #hasOwn(): boolean {
    const { isReplica, ownExpiries } = this.#keyspace;
    return this.isActive && isReplica && ownExpiries.size > 0 && this.#ownWork.mayChange;
  }

  async #tick(): Promise<void> {
    if (this.#isWalking || !(this.#isDue || this.#hasOwn)) return;
    this.#isWalking = true;
    try {
      if (this.#hasOwn) await this.#removeOwn();
      while (this.#isDue) {
        await this.#step();
        // What is due may be known without reading: clients get their turn all the same.
        await nextTurn();
      }
    } catch (error) {
      this.#logError(error);
      this.#keyspace.expiry.lookAgain(Date.now() + 1000);
    } finally {
      this.#isWalking = false;
    }
  }

  async #step(): Promise<void> {
    const keyspace = this.#keyspace;
    const due = byGeneration(await keyspace.expiry.due(Date.now()));
    for (const db of keyspace.databases) {
      const keys = due.get(db.generation);
      if (keys === undefined) continue;
      await this.#ownWork.run(() => {
        // Who has turned it off meanwhile can rely on that.
        if (!this.isActive) return;
        db.ready(keys);
        // To look at a key whose time is over is to have it removed.
        for (const key of keys) db.peek(key);
      });
    }
    // Some may not have been removed.
    if (!this.isActive || !this.#ownWork.mayRemoveExpired) keyspace.expiry.lookAgain();
  }

  async #removeOwn(): Promise<void> {
    const keyspace = this.#keyspace;
    const generations = new Set(keyspace.databases.map((db) => db.generation));
    const due = byGeneration(keyspace.ownExpiries.takeDue(Date.now(), generations));
    for (const db of keyspace.databases) {
      const keys = due.get(db.generation);
      if (keys === undefined) continue;
      await this.#ownWork.run(() => {
        db.ready(keys);
        for (const key of keys) db.peek(key);
        for (const key of keys) {
          const entry = db.entries.inMemory(key);
          if (entry !== undefined && keyspace.expiry.removeIfDue(entry)) keyspace.expiry.expiredKeys++;
        }
      });
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

function byGeneration(due: readonly DueKey[]): Map<number, Bytes[]> {
  const keys = new Map<number, Bytes[]>();
  for (const { generation, key } of due) {
    const ofSame = keys.get(generation);
    if (ofSame === undefined) keys.set(generation, [key]);
    else ofSame.push(key);
  }
  return keys;
}
