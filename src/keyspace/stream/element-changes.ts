import type { Change } from "../../storage/overlay.ts";
import type { Bytes } from "../../support/bytes.ts";

/** The last change of each element that was changed; null: deleted. XADD has one: more than one take a Map. */
export class ElementChanges {
  #key: Bytes | null = null;
  #value: Bytes | null = null;
  #all: Map<Bytes, Bytes | null> | null = null;

  get isEmpty(): boolean {
    return this.#key === null;
  }

  get(key: Bytes): Bytes | null | undefined {
    if (this.#all !== null) return this.#all.get(key);
    return key === this.#key ? this.#value : undefined;
  }

  set(key: Bytes, value: Bytes | null): void {
    if (this.#all !== null) {
      this.#all.set(key, value);
    } else if (this.#key === null || this.#key === key) {
      this.#key = key;
      this.#value = value;
    } else {
      this.#all = new Map([
        [this.#key, this.#value],
        [key, value],
      ]);
    }
  }

  /** In the order in which the elements were first changed. */
  forEach(visit: (key: Bytes, value: Bytes | null) => void): void {
    if (this.#all !== null) for (const [key, value] of this.#all) visit(key, value);
    else if (this.#key !== null) visit(this.#key, this.#value);
  }

  /** Those from `gte` up to, not including, `lt`. */
  within(gte: Bytes, lt: Bytes | undefined): Change[] {
    const found: Change[] = [];
    this.forEach((key, value) => {
      if (key >= gte && (lt === undefined || key < lt)) found.push([key, value]);
    });
    return found;
  }
}
