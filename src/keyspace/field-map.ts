import type { Bytes } from "../support/bytes.ts";
import { type BytesTable, wasRead } from "../support/bytes-table.ts";
import type { Random } from "../support/random.ts";
import type { PackingLimits } from "./keyspace.ts";
import { MemberMap } from "./member-map.ts";

type FieldLimits = Pick<PackingLimits, "hashMaxListpackEntries">;

/** The fields of a hash in memory, with their values, from which one can be drawn at random at once. */
export class FieldMap extends MemberMap<Bytes> {
  /** All fields, and deleted ones that no draw has met yet; made by the first draw. */
  #drawList: Bytes[] | null = null;
  /** Those deleted ones. There may be a great many small hashes, of which nobody draws. */
  #deleted: Set<Bytes> | null = null;
  readonly #limits: FieldLimits;

  /** `limits` are asked anew at each change. */
  constructor(limits: FieldLimits) {
    super();
    this.#limits = limits;
  }

  /** Those of a packed hash are. */
  protected override get keepsOrder(): boolean {
    return this.size <= this.#limits.hashMaxListpackEntries;
  }

  /** To be called after `set` of a new field. */
  added(field: Bytes): void {
    // One that was deleted may still be in the list, and would be drawn twice as often.
    if (this.#drawList !== null && this.#deleted?.delete(field) !== true) this.#drawList.push(field);
  }

  /** To be called after `delete`. */
  removed(field: Bytes): void {
    if (this.#drawList === null) return;
    this.#deleted ??= new Set();
    this.#deleted.add(field);
    if (this.#deleted.size <= this.#drawList.length / 2) return;
    // Nobody draws, or hardly.
    this.#drawList = null;
    this.#deleted = null;
  }

  /** Who replaces a value asks how long it was. */
  protected override valuesTouched(table: BytesTable<Bytes>, count: number): void {
    let read = 0;
    for (let i = 0; i < count; i++) read += table.touched(i)?.length ?? 0;
    wasRead(read);
  }

  /** There must be a field. */
  draw(random: Random): [field: Bytes, value: Bytes] {
    const list = (this.#drawList ??= this.keys());
    for (;;) {
      const at = random.below(list.length);
      const field = list[at]!;
      const value = this.get(field);
      if (value !== undefined) return [field, value];
      this.#deleted?.delete(field);
      list[at] = list[list.length - 1]!;
      list.length--;
    }
  }
}
