import type { Bytes } from "../support/bytes.ts";
import { unixMs } from "../support/clock.ts";
import type { Commits } from "./output.ts";
import type { Session } from "./session.ts";
import type { CommandRunner, UsedKeys } from "./session-host.ts";

/** Keys that are brought near together, at the least where there are as many. */
const KEYS_AT_ONCE = 64;
/** Where fewer of them, or of all in a turn, are known to be missing it is not asked which: at least half of those that are. */
const MISSED_AT_ONCE = 16;
const MISSED_IN_TURN = 32;

/**
 * What clients send in one turn of the event loop is done together, when the sockets of all have been read:
 *
 * 1. the keys that they name are brought near to the processor, and the members of large collections, at the same time and
 *    not one after the other; where many keys are not in memory they are read together, on LevelDB's threads, and the
 *    requests that need them run in a later turn,
 * 2. the requests run, those of a client in their order,
 * 3. what they changed is written, as one batch,
 * 4. replies leave, and what was pushed: one write for each client. One that is written to at once is woken for one
 *    reply, and asks again before the next one gets its own; to wake it is the dearest part of a short command.
 */
export class Turn {
  readonly #executor: CommandRunner;
  readonly #commits: Commits;
  readonly #afterwards: () => void;
  /** Who has sent requests. */
  #senders: Session[] = [];
  /** What has been read for senders of an earlier turn. */
  #read: Ready[] = [];
  /** Who is to be sent something. */
  #receivers: Session[] = [];
  /** What is brought near: of commands that name nothing but a key, of others. */
  readonly #readKeys: Bytes[] = [];
  readonly #used: UsedKeys = { keys: [], requests: [] };
  #isScheduled = false;
  /** Unix time. */
  #beganMs = 0;

  /** @param afterwards when all has been sent */
  constructor(executor: CommandRunner, commits: Commits, afterwards: () => void) {
    this.#executor = executor;
    this.#commits = commits;
    this.#afterwards = afterwards;
  }

  /** Its requests run, and it is flushed. */
  runLater(session: Session): void {
    if (session.isTurnDue) return;
    session.isTurnDue = true;
    this.#senders.push(session);
    this.#schedule();
  }

  flushLater(session: Session): void {
    if (session.isFlushDue) return;
    session.isFlushDue = true;
    this.#receivers.push(session);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // The check phase comes right after the sockets of this turn were read.
    setImmediate(() => this.#run());
  }

  #run(): void {
    const ready = this.#read;
    this.#read = [];
    const senders = this.#senders;
    this.#senders = [];
    this.#beganMs = unixMs();
    if (ready.length + senders.length > 0) {
      this.#commits.gather(() => {
        for (const { callers, take } of ready) {
          take();
          for (const session of callers) this.#runOf(session);
        }
        this.#runRequests(senders);
      });
    }
    // Whoever is due from here on, and who has yielded, has the next turn.
    this.#isScheduled = false;
    if (this.#senders.length > 0) this.#schedule();
    const receivers = this.#receivers;
    this.#receivers = [];
    for (const session of receivers) {
      session.isFlushDue = false;
      session.flush();
    }
    this.#afterwards();
  }

  #runRequests(senders: readonly Session[]): void {
    /** Who lacks much, perhaps. */
    const lacking: Session[] = [];
    let missed = 0;
    for (let next = 0; next < senders.length;) {
      const { end, missing } = this.#keysOf(senders, next);
      missed += missing;
      for (; next < end; next++) {
        if (missing < MISSED_AT_ONCE) this.#runOf(senders[next]!);
        else lacking.push(senders[next]!);
      }
    }
    if (lacking.length === 0) return;
    const late = missed < MISSED_IN_TURN ? NOBODY : this.#readFor(lacking);
    for (const session of lacking) if (!late.has(session)) this.#runOf(session);
  }

  #runOf(session: Session): void {
    session.isTurnDue = false;
    session.runDue(this.#beganMs);
    this.flushLater(session);
  }

  /** Those whose requests run later. */
  #readFor(senders: readonly Session[]): ReadonlySet<Session> {
    const late = new Set<Session>();
    for (const { callers, read } of this.#executor.readAhead(senders)) {
      for (const session of callers) {
        late.add(session);
        session.awaitKeys();
      }
      // What could not be read is read again by who needs it, and gets the error.
      void read.then(
        (take) => this.#wasRead(callers, take),
        () => this.#wasRead(callers, nothing),
      );
    }
    return late;
  }

  #wasRead(callers: readonly Session[], take: () => void): void {
    this.#read.push({ callers, take });
    this.#schedule();
  }

  /** Brings the keys near of as many sessions as name enough keys of one database; gives the first behind them. */
  #keysOf(senders: readonly Session[], begin: number): { readonly end: number; readonly missing: number } {
    const read = this.#readKeys;
    const used = this.#used;
    const { dbIndex } = senders[begin]!;
    let end = begin;
    while (end < senders.length && senders[end]!.dbIndex === dbIndex) {
      senders[end++]!.keysAhead(read, used);
      if (read.length + used.keys.length >= KEYS_AT_ONCE) break;
    }
    let missing = 0;
    if (read.length > 1) missing += this.#executor.touch(dbIndex, read);
    if (used.keys.length > 1) missing += this.#executor.touchFor(dbIndex, used.keys, used.requests);
    read.length = 0;
    used.keys.length = 0;
    used.requests.length = 0;
    return { end, missing };
  }
}

/** Sessions, and what brings their keys into memory. */
interface Ready {
  readonly callers: readonly Session[];
  readonly take: () => void;
}

const NOBODY: ReadonlySet<Session> = new Set();

const nothing = (): void => undefined;
