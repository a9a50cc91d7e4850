import type { Bytes } from "../support/bytes.ts";

/** A command as replicas are to run it. */
export interface PropagatedCommand {
  readonly dbIndex: number;
  readonly args: readonly Bytes[];
  /** It removes a key whose time is over. */
  readonly isExpiry: boolean;
}

/**
 * What the running command, or transaction, tells replicas to do. By itself a command that changed something is told
 * as it came. A handler says so where replicas would come to something else by it: because of the time that it takes
 * them to hear of it, of random numbers, or of what the server decided (`SPOP` is told as `SREM`).
 *
 * All of it is for nothing while no replica listens: handlers that have to gather much for it ask `isWanted`.
 */
export class Propagation {
  /** Somebody keeps what is told. */
  isWanted = false;
  /** `lazyfree-lazy-expire`: Redis tells the removal of an expired key by the name of how it does it. */
  removesLazily = false;
  /**
   * A script has asked that its commands are not told: `redis.set_repl`. As in Redis, what they tell beside or in place of
   * themselves by `also` is told all the same.
   */
  isMuted = false;
  #commands: PropagatedCommand[] = [];
  #dbIndex = 0;
  /** Changes of the keyspace before the running command. */
  #changesBefore = 0;
  #replacement: readonly (readonly Bytes[])[] | null = null;
  #isForced = false;
  #isPrevented = false;

  // ─── for handlers ──────────────────────────────────────────────────────────────────────────────

  /** If the command changes something, these are told in its place. */
  instead(...commands: readonly (readonly Bytes[])[]): void {
    this.#replacement = commands;
  }

  /** This is told, too: before the command itself, and whether or not that changes anything. */
  also(args: readonly Bytes[], dbIndex = this.#dbIndex): void {
    this.#add(args, dbIndex, false);
  }

  /** The command itself is not told. */
  prevent(): void {
    this.#isPrevented = true;
  }

  /** The command is told though it changes no key: PUBLISH. */
  force(): void {
    this.#isForced = true;
  }

  /** How the end of a key's time is told. */
  removal(key: Bytes): readonly Bytes[] {
    return [this.removesLazily ? "UNLINK" : "DEL", key];
  }

  // ─── for the executor ──────────────────────────────────────────────────────────────────────────

  begin(dbIndex: number, changes: number): void {
    this.#dbIndex = dbIndex;
    this.#changesBefore = changes;
    this.#replacement = null;
    this.#isForced = false;
    this.#isPrevented = false;
  }

  /** A command that runs no others came to its end. */
  end(args: readonly Bytes[], changes: number): void {
    if (!this.isWanted || this.isMuted || this.#isPrevented) return;
    if (changes === this.#changesBefore && !this.#isForced) return;
    for (const told of this.#replacement ?? [args]) this.#add(told, this.#dbIndex, false);
  }

  /** The command met a key whose time is over, which goes before all that the command does. */
  expired(key: Bytes, dbIndex: number): void {
    this.#add(this.removal(key), dbIndex, true);
  }

  #add(args: readonly Bytes[], dbIndex: number, isExpiry: boolean): void {
    if (this.isWanted) this.#commands.push({ dbIndex, args, isExpiry });
  }

  /** Keys whose time is over stay for now: nothing may be written. */
  keepExpired(): void {
    if (this.#commands.length > 0) this.#commands = this.#commands.filter(({ isExpiry }) => !isExpiry);
  }

  get isEmpty(): boolean {
    return this.#commands.length === 0;
  }

  /** All that is to be told, in order; the command is final. */
  take(): readonly PropagatedCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  /** The attempt was thrown away. */
  discard(): void {
    this.isMuted = false;
    if (this.#commands.length > 0) this.#commands = [];
  }
}
