import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";

/** The fields of a hash in memory, in order of insertion, from which one can be drawn at random at once. */
export class FieldMap extends Map<Bytes, Bytes> {
  /** All fields, and deleted ones that no draw has met yet; made by the first draw. */
  #drawList: Bytes[] | null = null;
  #hasDeleted = false;

  /** To be called after `set` of a new field. */
  added(field: Bytes): void {
    if (this.#drawList === null) return;
    // It may be among the deleted ones, and would be drawn twice as often.
    if (this.#hasDeleted) this.#drawList = null;
    else this.#drawList.push(field);
  }

  /** To be called after `delete`. */
  removed(): void {
    this.#hasDeleted = true;
  }

  /** There must be a field. */
  draw(random: Random): [field: Bytes, value: Bytes] {
    if (this.#drawList === null) {
      this.#drawList = [...this.keys()];
      this.#hasDeleted = false;
    }
    const list = this.#drawList;
    for (;;) {
      const at = random.below(list.length);
      const field = list[at]!;
      const value = this.get(field);
      if (value !== undefined) return [field, value];
      list[at] = list[list.length - 1]!;
      list.length--;
    }
  }
}
