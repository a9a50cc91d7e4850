import type { Element, ElementRange } from "../../storage/elements.ts";
import { mergeChanges, sortChanges } from "../../storage/overlay.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Stream } from "../stream.ts";
import { ElementChanges } from "./element-changes.ts";
import type { StreamHeader } from "./header.ts";
import type { StreamView } from "./view.ts";

/**
 * What a command is about to change. It reads its own changes, and nothing of it is in the stream before `apply`: so
 * a command may read and change in turns, and every read still comes before the first write.
 */
export class StreamEdit implements StreamView {
  readonly #stream: Stream;
  header: StreamHeader;
  readonly changes = new ElementChanges();
  /** What the changes do to the number of elements, and to their bytes. */
  countDelta = 0;
  bytesDelta = 0;

  constructor(stream: Stream) {
    this.#stream = stream;
    this.header = stream.header;
  }

  get(key: Bytes): Bytes | null {
    const changed = this.changes.get(key);
    return changed !== undefined ? changed : this.#stream.get(key);
  }

  ready(keys: readonly Bytes[]): void {
    this.#stream.ready(keys);
  }

  range(range: ElementRange, limit: number): readonly Element[] {
    const { gte, lt, reverse = false } = range;
    const changes = this.changes.within(gte, lt);
    if (changes.length === 0) return this.#stream.range(range, limit);
    const stored = this.#stream.range(range, limit + changes.length);
    return mergeChanges(stored, sortChanges(changes, reverse), reverse).slice(0, limit);
  }

  /** `old`: what is there now, null for nothing. */
  put(key: Bytes, value: Bytes, old: Bytes | null): void {
    this.changes.set(key, value);
    if (old === null) this.countDelta++;
    this.bytesDelta += value.length + (old === null ? key.length : -old.length);
  }

  delete(key: Bytes, old: Bytes): void {
    this.changes.set(key, null);
    this.countDelta--;
    this.bytesDelta -= key.length + old.length;
  }

  update(changes: Partial<StreamHeader>): void {
    this.header = { ...this.header, ...changes };
  }

  get isChanged(): boolean {
    return this.header !== this.#stream.header || !this.changes.isEmpty;
  }

  /** Writes it all. Nothing is to be read afterwards. */
  apply(): void {
    this.#stream.apply(this);
  }
}
