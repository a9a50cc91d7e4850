import type { PropagatedCommand, Propagation } from "../keyspace/propagation.ts";
import type { RequestSource } from "../resp/request-source.ts";
import { encodeRequest } from "../resp/request.ts";
import type { BatchWaiter, Committer } from "../storage/committer.ts";
import type { Persistent } from "../storage/persistent.ts";
import { REPLICATION_KEY } from "../storage/layout.ts";
import type { WriteBatch } from "../storage/store.ts";
import type { Bytes } from "../support/bytes.ts";
import { Backlog } from "./backlog.ts";
import { Gathering } from "./gathering.ts";
import { type History, NO_ID, decodeHistory, encodeHistory, newId } from "./history.ts";

/** Keeps the backlog over a restart. All of it is synchronous, and part of writing a batch: an error fails the batch. */
export interface BacklogJournal {
  /** What is kept from an earlier run, up to `end`, in order; null when it does not reach as far as that. */
  restore(end: number): { readonly begin: number; readonly chunks: readonly Buffer[] } | null;
  append(position: number, parts: readonly Buffer[]): void;
  /** What was appended behind this position is void: its batch was not written. */
  cutBack(position: number): void;
  /** Nothing is kept any more; what is appended next begins at `position`. */
  clear(position: number): void;
}

export interface StreamOptions {
  readonly committer: Committer;
  readonly propagation: Propagation;
  /** The record of an earlier run. */
  readonly stored: Bytes | undefined;
  /** Null: nothing outlasts the process. */
  readonly journal: BacklogJournal | null;
  readonly backlogSize: () => number;
}

/** The bytes of some changes, on their way into a batch. */
interface InFlight {
  readonly history: History;
  readonly parts: readonly Buffer[];
  readonly backlog: Backlog | null;
}

/**
 * The history of all changes, as the bytes that replicas are sent. What a command adds goes into the batch with what the
 * command changed: its bytes into the journal, the place in the history into the record `!replication`. So data and
 * offset agree after every crash. Replicas are told when the batch is written, and not before: none can ever know what
 * this server does not.
 *
 * A server that follows a master adds nothing of its own; it takes its master's bytes over as they are.
 */
export class ReplicationStream implements Persistent, BatchWaiter {
  batch = 0;
  /** Called when more was written, for those who send it on. */
  onWritten: () => void = () => undefined;
  /** Called when what replicas were told of the history does not hold: they have to ask again. */
  onBroken: () => void = () => undefined;
  readonly #options: StreamOptions;
  readonly #history: Mutable<History>;
  /** As in the last batch that was written. */
  #written: History;
  #backlog: Backlog | null = null;
  /** What came since the last batch was begun. */
  readonly #gathered = new Gathering();
  #inFlight: InFlight | null = null;
  /** The bytes before do not count for what comes: a new history, or another place in it. */
  #isRestarted = false;
  #isSubordinate = false;
  /** The next command tells its database, whichever is selected: who reads on may be new, or not have heard of it. */
  #selectsAnew = true;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { stored } = options;
    this.#history = stored === undefined ? fresh() : decodeHistory(stored);
    this.#written = { ...this.#history };
    if (stored !== undefined) this.#reopen();
  }

  #reopen(): void {
    const { journal, backlogSize } = this.#options;
    const { offset, isFollowed, isClosed, isKept } = this.#history;
    const kept = journal?.restore(offset) ?? null;
    if (kept !== null) {
      this.#backlog = new Backlog(kept.begin, backlogSize);
      for (const bytes of kept.chunks) this.#backlog.append(bytes);
    } else if (isKept) {
      // Who knows all that there is here can be told what comes.
      this.#backlog = new Backlog(offset, backlogSize);
    }
    // After a loss of power replicas may know more than is left here: they must not go on as if they had not.
    if (!isFollowed && !isClosed) this.fork();
    this.#change({ isClosed: false });
    this.#listen();
  }

  // ─── what is known ─────────────────────────────────────────────────────────────────────────────

  /** What changes is told on, or kept for who may ask. */
  get isKept(): boolean {
    return this.#backlog !== null;
  }

  get history(): History {
    return this.#history;
  }

  get id(): string {
    return this.#history.id;
  }

  /** Bytes of the history, those included that are not written yet. */
  get offset(): number {
    return this.#history.offset;
  }

  /** The history as it was in the last batch that was written: its bytes may be sent. */
  get written(): History {
    return this.#written;
  }

  /** What an RDB file tells of where its data stands, as of what is written; nothing where that counts for nobody. */
  get rdbFields(): readonly (readonly [name: Bytes, value: Bytes])[] {
    const { id, offset, dbIndex, isFollowed } = this.#written;
    if (!isFollowed && this.#backlog === null) return [];
    return [
      ["repl-stream-db", String(Math.max(dbIndex, 0))],
      ["repl-id", id],
      ["repl-offset", String(offset)],
    ];
  }

  /** Null: nobody has asked for the stream, or not for long. */
  get backlog(): Backlog | null {
    return this.#backlog;
  }

  /** Whether one who stands there in that history can be told all that came since. */
  canContinue(id: string, offset: number): boolean {
    const { id: own, secondId, secondOffset } = this.#history;
    // What is asked for is the byte after `offset`: of the older history only those before `secondOffset`.
    const isKnown = id === own || (id === secondId && offset + 1 <= secondOffset);
    return isKnown && this.#backlog !== null && this.#backlog.covers(offset);
  }

  // ─── as a master ───────────────────────────────────────────────────────────────────────────────

  /** From now on changes are kept. A server that never had a replica begins a history. */
  open(): void {
    if (this.#backlog !== null) return;
    if (!this.#history.isFollowed) this.#change({ id: newId(), secondId: NO_ID, secondOffset: -1 });
    this.#begin();
  }

  #begin(): void {
    this.#backlog = new Backlog(this.#history.offset, this.#options.backlogSize);
    this.#isRestarted = true;
    this.#change({ isKept: true });
    this.#listen();
  }

  /** Nobody has asked for long. Who comes back needs all the data. */
  close(): void {
    this.#backlog = null;
    this.#options.journal?.clear(this.#history.offset);
    this.#change({ isKept: false });
    if (!this.#history.isFollowed) this.#change({ id: newId(), secondId: NO_ID, secondOffset: -1 });
    this.#listen();
  }

  /** While this server has a master, found or not, what its own clients do is told to nobody. */
  set isSubordinate(isSubordinate: boolean) {
    this.#isSubordinate = isSubordinate;
    this.#listen();
  }

  #listen(): void {
    const { isFollowed } = this.#history;
    this.#options.propagation.isWanted = this.#backlog !== null && !isFollowed && !this.#isSubordinate;
  }

  /**
   * What one command, or transaction, has to tell. `asOne`: replicas do all of it, or nothing. `source`: if the request
   * itself is told, its bytes need not be made again.
   */
  append(commands: readonly PropagatedCommand[], asOne: boolean, source: RequestSource | null): void {
    if (this.#backlog === null || commands.length === 0) return;
    const isTransaction = asOne && commands.length > 1;
    for (const command of commands) {
      const { dbIndex, args } = command;
      if (dbIndex !== this.#history.dbIndex || this.#selectsAnew) this.#select(dbIndex);
      // Behind the selection of its first database, as in Redis.
      if (isTransaction && command === commands[0]) this.#addText(MULTI);
      if (source !== null && source.isOf(args)) this.#addBytes(source.bytes, source.begin, source.end);
      else this.#addText(encodeRequest(args));
    }
    if (isTransaction) this.#addText(EXEC);
    this.#mark();
  }

  #select(dbIndex: number): void {
    this.#addText(encodeRequest(["SELECT", String(dbIndex)]));
    this.#history.dbIndex = dbIndex;
    this.#selectsAnew = false;
  }

  /** What concerns no database: PING, REPLCONF GETACK. */
  appendPlain(args: readonly Bytes[]): void {
    if (this.#backlog === null) return;
    this.#addText(encodeRequest(args));
    this.#mark();
  }

  /** The next command tells its database: for a replica that begins here. */
  forgetDatabase(): void {
    this.#selectsAnew = true;
  }

  /** From here on it is a history of its own: of a replica that was promoted. */
  fork(): void {
    const { id, offset } = this.#history;
    // What is selected is remembered: this server may go back to where it was.
    this.#selectsAnew = true;
    this.#change({ id: newId(), secondId: id, secondOffset: offset + 1, isFollowed: false });
    this.#listen();
  }

  // ─── as a replica ──────────────────────────────────────────────────────────────────────────────

  /** The data is a master's, as it was there: to be called in the turn in which the data is exchanged. */
  adopt(id: string, offset: number, dbIndex: number): void {
    this.#gathered.take();
    this.#change({ id, secondId: NO_ID, secondOffset: -1, offset, dbIndex, isFollowed: true });
    this.#begin();
  }

  /** A server that was a master goes on behind another, which knows its history, or goes on in one of its own (`id`). */
  follow(id: string): void {
    const { id: own, offset } = this.#history;
    const renamed = id === own ? {} : { id, secondId: own, secondOffset: offset + 1 };
    this.#change({ ...renamed, isFollowed: true });
    if (this.#backlog === null) this.#begin();
    this.#listen();
  }

  /** Bytes of the master's, whole commands (and transactions), in the turn in which they were run. */
  take(parts: readonly Buffer[], dbIndex: number): void {
    for (const bytes of parts) this.#addBytes(bytes, 0, bytes.length);
    this.#history.dbIndex = dbIndex;
    this.#mark();
  }

  // ─── into the batch ────────────────────────────────────────────────────────────────────────────

  #addText(text: Bytes): void {
    this.#gathered.addText(text);
    this.#history.offset += text.length;
  }

  #addBytes(bytes: Buffer, begin: number, end: number): void {
    this.#gathered.add(bytes, begin, end);
    this.#history.offset += end - begin;
  }

  #change(changed: Partial<History>): void {
    Object.assign(this.#history, changed);
    this.#mark();
  }

  #mark(): void {
    const { committer } = this.#options;
    if (this.batch === committer.gathering) return;
    committer.mark(this);
    committer.wait(this.batch, this);
  }

  /** The server stops in order. Resolves by the committer's `settle`. */
  end(): void {
    this.#change({ isClosed: true });
  }

  persist(batch: WriteBatch): void {
    const { journal } = this.#options;
    const parts = this.#gathered.take();
    const begin = parts.reduce((position, { length }) => position - length, this.#history.offset);
    if (this.#isRestarted) journal?.clear(begin);
    this.#isRestarted = false;
    if (parts.length > 0 && this.#backlog !== null) journal?.append(begin, parts);
    batch.put(REPLICATION_KEY, encodeHistory(this.#history));
    this.#inFlight = { history: { ...this.#history }, parts, backlog: this.#backlog };
  }

  batchDone(error: Error | null): void {
    if (error !== null) {
      this.#takeBack();
      return;
    }
    const { history, parts, backlog } = this.#inFlight!;
    this.#inFlight = null;
    this.#written = history;
    // Another may have begun meanwhile.
    if (parts.length === 0 || backlog === null || backlog !== this.#backlog) return;
    for (const bytes of parts) backlog.append(bytes);
    this.onWritten();
  }

  /** What was told since the last batch that was written has not happened. */
  #takeBack(): void {
    this.#gathered.take();
    this.#inFlight = null;
    this.#selectsAnew = true;
    const { id } = this.#history;
    Object.assign(this.#history, this.#written);
    const { offset } = this.#history;
    this.#options.journal?.cutBack(offset);
    if (this.#backlog !== null && this.#backlog.end !== offset) {
      this.#backlog = new Backlog(offset, this.#options.backlogSize);
    }
    this.#listen();
    if (id !== this.#history.id) this.onBroken();
  }
}

const MULTI = encodeRequest(["MULTI"]);
const EXEC = encodeRequest(["EXEC"]);

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

const fresh = (): History => ({
  id: newId(),
  secondId: NO_ID,
  secondOffset: -1,
  offset: 0,
  dbIndex: -1,
  isFollowed: false,
  isClosed: false,
  isKept: false,
});
