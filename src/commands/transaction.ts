import type { Bytes } from "../support/bytes.ts";
import type { Effect } from "./effect.ts";
import type { Command } from "./registered-command.ts";

export interface QueuedCommand {
  readonly command: Command;
  readonly args: readonly Bytes[];
}

/** What a client has said since MULTI. */
export class Transaction implements Effect {
  readonly queue: QueuedCommand[] = [];
  /** Bytes of the queued arguments. */
  bytes = 0;
  /** A command could not be queued: EXEC will refuse. */
  isBroken = false;
  /** One of its commands may change data. */
  isWrite = false;
  mayReplicate = false;

  add(command: Command, args: readonly Bytes[], effect: Effect): void {
    this.queue.push({ command, args });
    this.isWrite ||= effect.isWrite;
    this.mayReplicate ||= effect.mayReplicate;
    for (const arg of args) this.bytes += arg.length;
  }
}

/** A key that a client watches. */
export interface WatchedKey {
  readonly dbIndex: number;
  readonly key: Bytes;
  /** Whether there was such a key when the watch began: one whose time was over counts as none. */
  readonly existed: boolean;
}

/** The watched keys of all clients. The executor tells it of every change. */
export interface Watches {
  watch(client: object, watched: WatchedKey): void;
  unwatch(client: object): void;
  /** What the client watches, in order. */
  of(client: object): readonly WatchedKey[];
  /** Whether one of them has changed since. */
  isTouched(client: object): boolean;
}
