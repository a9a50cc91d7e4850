import type { Migration, MigrationResult, Migrations as MigrationsView } from "../commands/host.ts";
import { type Bytes, textOfBytes } from "../support/bytes.ts";
import { type Exchange, Remote, RemoteError, RemoteFailure } from "./remote.ts";

/** Redis' numbers. */
const MAX_IDLE = 64;
const IDLE_MS = 10_000;

/** A connection to where keys were sent lately: the next ones are sent there without a new one. */
interface Connection {
  readonly remote: Remote;
  /** What it has selected; null: unknown. */
  db: bigint | number | null;
  usedAtMs: number;
}

/** Sends keys to other servers. */
export class Migrations implements MigrationsView {
  /** Those that nobody uses now, by `nameOf`; the last one is the one used last. */
  readonly #idle = new Map<string, Connection[]>();
  #timer: NodeJS.Timeout | null = null;

  async send(migration: Migration): Promise<MigrationResult> {
    // A connection that was idle may have been closed at the other end, of which nobody told.
    for (let mayRetry = true; ; mayRetry = false) {
      const connection = await this.#connection(migration);
      if (typeof connection === "string") return { answers: [], error: null, failure: connection };
      const result = await this.#exchange(connection, migration);
      if (result !== null && !(result.mayRetry && mayRetry)) return result;
    }
  }

  /** What failed when none could be made: a refusal Redis meets when it begins to write. */
  async #connection(migration: Migration): Promise<Connection | "connecting" | "writing"> {
    const { host, port, timeoutMs } = migration;
    const idle = this.#idle.get(nameOf(migration));
    for (let kept = idle?.pop(); kept !== undefined; kept = idle?.pop()) {
      if (!kept.remote.hasFailed) return kept;
    }
    try {
      const remote = await Remote.connect({ host: textOfBytes(host), port }, timeoutMs);
      return { remote, db: null, usedAtMs: 0 };
    } catch (error) {
      if (!(error instanceof RemoteFailure)) throw error;
      return error.isTimeout || error.isUnknownHost ? "connecting" : "writing";
    }
  }

  async #exchange(
    connection: Connection,
    migration: Migration,
  ): Promise<MigrationResult & { readonly mayRetry: boolean }> {
    const { credentials, db, commands, timeoutMs } = migration;
    const before: (readonly Bytes[])[] = [];
    if (credentials !== null) before.push(["AUTH", ...credentials]);
    if (connection.db !== db) before.push(["SELECT", String(db)]);
    const exchange = await connection.remote.request([...before, ...commands], timeoutMs);
    const result = resultOf(exchange, before.length, commands.length);
    // What is selected after an error is not known.
    connection.db = result.error === null ? db : null;
    if (result.failure === null) this.#keep(connection, migration);
    else connection.remote.close();
    const { failure } = exchange;
    const isUnanswered = exchange.replies.length <= before.length;
    return { ...result, mayRetry: failure !== null && !failure.isTimeout && isUnanswered };
  }

  #keep(connection: Connection, migration: Migration): void {
    const name = nameOf(migration);
    connection.usedAtMs = Date.now();
    const idle = this.#idle.get(name);
    if (idle === undefined) this.#idle.set(name, [connection]);
    else idle.push(connection);
    if (this.idleConnections > MAX_IDLE) this.#dropOldest();
    this.#timer ??= setInterval(() => this.#dropOld(), 1000).unref();
  }

  get idleConnections(): number {
    let count = 0;
    for (const idle of this.#idle.values()) count += idle.length;
    return count;
  }

  #dropOldest(): void {
    let oldest = Infinity;
    for (const [first] of this.#idle.values()) oldest = Math.min(oldest, first?.usedAtMs ?? Infinity);
    this.#dropUntil(oldest);
  }

  #dropOld(): void {
    this.#dropUntil(Date.now() - IDLE_MS);
  }

  #dropUntil(usedAtMs: number): void {
    for (const [name, idle] of this.#idle) {
      while (idle.length > 0 && (idle[0]!.usedAtMs <= usedAtMs || idle[0]!.remote.hasFailed)) {
        idle.shift()!.remote.close();
      }
      if (idle.length === 0) this.#idle.delete(name);
    }
    if (this.#idle.size === 0) this.close();
  }

  /** Hangs up on those that nobody uses. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const idle of this.#idle.values()) for (const { remote } of idle) remote.close();
    this.#idle.clear();
  }
}

/** With the credentials: who gives wrong ones shall not get in on a connection that was let in before. */
const nameOf = ({ host, port, credentials }: Migration): string => JSON.stringify([host, port, credentials]);

/** `before`: how many of the replies are not to the commands. */
function resultOf({ replies, failure, isUnsent }: Exchange, before: number, count: number): MigrationResult {
  const early = replies.slice(0, before).find((reply) => reply instanceof RemoteError);
  let error = early?.message ?? null;
  const answers: boolean[] = [];
  for (const reply of replies.slice(before, before + count)) {
    if (reply instanceof RemoteError) error ??= reply.message;
    answers.push(early === undefined && !(reply instanceof RemoteError));
  }
  return { answers, error, failure: failure === null ? null : isUnsent ? "writing" : "reading" };
}
