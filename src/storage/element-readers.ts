import { setImmediate as nextTurn } from "node:timers/promises";
import type { Bytes } from "../support/bytes.ts";
import type { Attempt } from "./attempt.ts";
import { KeptPages } from "./kept-pages.ts";
import { COLLECTION_PREFIX_LENGTH } from "./layout.ts";
import type { Page } from "./page.ts";
import type { Store } from "./store.ts";
import type { Undo } from "./undo.ts";

/** Is told of each write of an element; null: it was deleted. */
export type Follower = (key: Bytes, value: Bytes | null) => void;

/** What a command knows of single elements, by full key; undefined: it is being fetched. */
type Points = Map<Bytes, Bytes | null | undefined>;

/** Who reads elements of one collection from the store, and what is kept of what was read: all of them learn of each write. */
export class ElementReaders {
  /** Reads that are under way or in use by a command. */
  readonly #pages = new Set<Page>();
  readonly #points = new Set<Points>();
  readonly #followers = new Set<Follower>();
  /** Kept pages that are being read on, by what was asked for. */
  readonly #readingOn = new Map<string, Promise<void>>();
  readonly kept = new KeptPages();
  /** Until what is much has been read for a command, and that command has gone on. */
  #muchRead: Promise<void> | null = null;

  get isBusy(): boolean {
    return this.#pages.size > 0 || this.#points.size > 0 || this.#followers.size > 0;
  }

  wrote(fullKey: Bytes, value: Bytes | null): void {
    for (const page of this.#pages) page.overtake(fullKey, value);
    this.kept.overtake(fullKey, value);
    // What is not in the store answers now; a fetch that is under way must not bring the old value back later.
    for (const points of this.#points) points.delete(fullKey);
    for (const follower of this.#followers) follower(fullKey.slice(COLLECTION_PREFIX_LENGTH), value);
  }

  /** From now on until what it returns is called. What is taken back of a transaction is not told of. */
  follow(wrote: Follower): () => void {
    this.#followers.add(wrote);
    return () => this.#followers.delete(wrote);
  }

  /** Until the command is over. */
  use(page: Page, attempt: Attempt): void {
    this.#pages.add(page);
    attempt.releases.push(() => this.#pages.delete(page));
  }

  /**
   * Adds the next page to those of a command, whose last one is `last`. Of many commands that want much one reads at a time:
   * what it reads the command may well take away, or bring all of it into memory. The others then ask again.
   */
  async readPage(
    pages: Page[],
    last: Page | undefined,
    { limit, open }: { readonly limit: number; readonly open: () => Page },
    store: Store,
    attempt: Attempt,
  ): Promise<void> {
    const isMuch = limit > MUCH;
    if (isMuch && this.#muchRead !== null) {
      await this.#muchRead;
      return;
    }
    const page = open();
    this.use(page, attempt);
    const read = page.read(store);
    if (isMuch) this.#muchRead = this.#wentOn(read);
    await read;
    // Reads of one attempt that are made together can ask for the same page.
    if (pages.at(-1) === last) pages.push(page);
  }

  async #wentOn(read: Promise<void>): Promise<void> {
    // Whether it worked is the matter of who reads.
    await read.catch(() => undefined);
    await nextTurn();
    this.#muchRead = null;
  }

  /**
   * What follows a kept page is read, as `follow` says, and becomes a part of it. Many who pop have used it up at the same time: they
   * wait for the same, where each by itself would begin in front of all that was popped, and keep its own page true.
   */
  async readOn(name: string, follow: (page: Page) => Page, store: Store): Promise<void> {
    const underWay = this.#readingOn.get(name);
    if (underWay !== undefined) return underWay;
    const page = this.kept.get(name);
    // Dropped meanwhile: who needs it begins anew.
    if (page === undefined) return;
    const reading = this.#extend(name, page, follow(page), store);
    this.#readingOn.set(name, reading);
    return reading;
  }

  async #extend(name: string, page: Page, next: Page, store: Store): Promise<void> {
    this.#pages.add(next);
    try {
      await next.read(store);
      this.kept.extend(name, page, next);
    } finally {
      this.#pages.delete(next);
      this.#readingOn.delete(name);
    }
  }

  /** From now on the command's point reads learn of writes to this collection. */
  register(attempt: Attempt): Points {
    const { points } = attempt;
    if (!this.#points.has(points)) {
      this.#points.add(points);
      attempt.releases.push(() => this.#points.delete(points));
    }
    return points;
  }

  /** Before the first write of a transaction: the pages will be as they are now when it is taken back. */
  rememberPages(undo: Undo): void {
    for (const page of this.#pages) {
      const state = page.save();
      undo.add(() => page.restore(state));
    }
    this.kept.remember(undo);
  }

  /** Before each write of a transaction. */
  rememberPoint(undo: Undo, fullKey: Bytes): void {
    for (const points of this.#points) {
      const known = points.get(fullKey);
      if (known !== undefined) undo.add(() => points.set(fullKey, known));
    }
  }
}

/** Where many commands of one collection want so many entries each, one reads at a time. */
const MUCH = 1000;
