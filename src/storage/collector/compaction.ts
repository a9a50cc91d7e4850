import type { Bytes } from "../../support/bytes.ts";
import type { KeyRange } from "../layout.ts";
import type { Store } from "../store.ts";

/** Two of LevelDB's files: below that its own compactions do. */
const WORTH_BYTES = 4 << 20;

/** A span in which so much of what is on disk was deleted is compacted, live entries between included. */
const WORTH_SHARE = 1 / 4;

interface Span {
  gte: Bytes;
  lt: Bytes;
  /** What was deleted in it takes so much on disk. */
  deadBytes: number;
}

/**
 * Which ranges to compact, so that files shrink after a large deletion. A large dead range is compacted by
 * itself. Small ones gather to a span, for each tag (the first byte of keys), until a good part of the span
 * is dead: what a compaction costs is then in proportion to what it gives back.
 */
export class Compaction {
  count = 0;
  readonly #spans = new Map<string, Span>();

  /**
   * The range is wholly deleted. `boundaries`: keys inside at which the work may be interrupted; `mayGoOn` is
   * asked there.
   */
  async deleted(
    store: Store,
    range: KeyRange,
    boundaries: readonly Bytes[],
    mayGoOn: () => boolean,
  ): Promise<void> {
    const bytes = await store.approximateBytes(range);
    if (bytes < WORTH_BYTES) {
      if (bytes > 0) this.#gather(range, bytes);
      return;
    }
    this.count++;
    let { gte } = range;
    for (const lt of [...boundaries, range.lt]) {
      if (!mayGoOn()) return;
      await store.compact({ gte, lt });
      gte = lt;
    }
  }

  #gather({ gte, lt }: KeyRange, bytes: number): void {
    const tag = gte[0]!;
    const span = this.#spans.get(tag);
    if (span === undefined) {
      this.#spans.set(tag, { gte, lt, deadBytes: bytes });
      return;
    }
    if (gte < span.gte) span.gte = gte;
    if (lt > span.lt) span.lt = lt;
    span.deadBytes += bytes;
  }

  /** Compacts the spans where that pays. */
  async settle(store: Store, mayGoOn: () => boolean): Promise<void> {
    for (const [tag, span] of this.#spans) {
      if (!mayGoOn()) return;
      if (span.deadBytes < WORTH_BYTES) continue;
      if (span.deadBytes < WORTH_SHARE * (await store.approximateBytes(span))) continue;
      this.#spans.delete(tag);
      this.count++;
      await store.compact(span);
    }
  }
}
