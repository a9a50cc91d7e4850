import type { Entry } from "../keyspace/entry.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { hasExpired } from "../keyspace/record.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Caller } from "./caller.ts";

/** Who wants to know what commands change: watches, blocked clients, client tracking. */
export interface ChangeObserver {
  /** While nobody is, changes are not even collected. */
  readonly isInterested: boolean;
  /** It wants to know of changes that Redis keeps to itself, too. */
  readonly seesHidden?: boolean;
  /**
   * The command (or the transaction around it) that changed the key, or removed it, is final; `caller` is null when the
   * server itself did. `batch` must be written before anybody may see it. `byTime`: the key's time was over.
   */
  keyChanged(entry: Entry, caller: Caller | null, batch: number, byTime: boolean): void;
  /**
   * All keys of a database went, or it was exchanged for another. `existsNow` tells of what memory knows of the new
   * contents.
   */
  databaseChanged(
    dbIndex: number,
    existsNow: (key: Bytes) => boolean,
    caller: Caller | null,
    batch: number,
  ): void;
  /** Databases were emptied, by FLUSHDB or FLUSHALL; `databaseChanged` tells which. */
  flushed?(caller: Caller | null, batch: number): void;
}

/** What changed up to some point in a transaction, and what is to be done there. */
interface Step {
  readonly entries: readonly Entry[];
  readonly hidden: readonly Entry[];
  readonly databases: readonly number[];
  readonly hasFlushed: boolean;
  readonly work: (() => void) | null;
}

/** Hands what a finished command changed to all who want to know. */
export class Changes {
  readonly #keyspace: Keyspace;
  readonly #observers: ChangeObserver[] = [];
  #steps: Step[] = [];

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  add(observer: ChangeObserver): void {
    this.#observers.push(observer);
  }

  /** To be called when the interest of an observer may have changed. */
  readonly refresh = (): void => {
    this.#keyspace.changesWanted = this.#observers.some((observer) => observer.isInterested);
  };

  /** Something to be done when the transaction is final: behind what it changed so far, before what it changes then. */
  note(work: () => void): void {
    this.#steps.push(this.#take(work));
  }

  /** Something changed since the last `note`. */
  get hasNew(): boolean {
    const { changed, changedUnseen, changedDatabases } = this.#keyspace;
    return changed.size + changedUnseen.size + changedDatabases.size > 0;
  }

  #take(work: (() => void) | null): Step {
    const keyspace = this.#keyspace;
    const { changed, changedUnseen, changedDatabases, hasFlushed } = keyspace;
    const hidden = [...changedUnseen].filter((entry) => !changed.has(entry));
    const step = { entries: [...changed], hidden, databases: [...changedDatabases], hasFlushed, work };
    changed.clear();
    changedUnseen.clear();
    changedDatabases.clear();
    keyspace.hasFlushed = false;
    return step;
  }

  announce(caller: Caller | null, batch: number, byTime = false): void {
    if (this.#isEmpty) return;
    const steps = this.#steps;
    steps.push(this.#take(null));
    this.#steps = [];
    for (const step of steps) this.#announce(step, caller, batch, byTime);
  }

  get #isEmpty(): boolean {
    return this.#steps.length === 0 && !this.hasNew;
  }

  #announce(step: Step, caller: Caller | null, batch: number, byTime: boolean): void {
    for (const dbIndex of step.databases) {
      const db = this.#keyspace.databases[dbIndex]!;
      const existsNow = (key: Bytes): boolean => {
        const entry = db.entries.inMemory(key);
        return (
          entry !== undefined && entry.value !== null && !hasExpired(entry.expiresAtMs, this.#keyspace.nowMs)
        );
      };
      for (const observer of this.#observers) observer.databaseChanged(dbIndex, existsNow, caller, batch);
    }
    if (step.hasFlushed) for (const observer of this.#observers) observer.flushed?.(caller, batch);
    for (const entry of step.entries) {
      if (entry.isDropped) continue;
      for (const observer of this.#observers) observer.keyChanged(entry, caller, batch, byTime);
    }
    for (const entry of step.hidden) {
      if (entry.isDropped) continue;
      for (const observer of this.#observers) {
        if (observer.seesHidden === true) observer.keyChanged(entry, caller, batch, byTime);
      }
    }
    step.work?.();
  }

  /** What changed was taken back. */
  forget(): void {
    if (this.#isEmpty) return;
    this.#take(null);
    this.#steps = [];
  }
}
