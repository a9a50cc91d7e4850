import type { Bytes } from "../support/bytes.ts";

/**
 * Keys that nobody may write to for a while: MIGRATE sends them to another server, and removes what that has then. Reads
 * go on. Keys of the same name in other databases are held as well: commands that write there are rare.
 */
export class FrozenKeys {
  /** How often each is frozen. */
  readonly #keys = new Map<Bytes, number>();
  #thaw: Promise<void> | null = null;
  #thawed: (() => void) | null = null;

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  /** Returns what ends it. */
  freeze(keys: readonly Bytes[]): () => void {
    for (const key of keys) this.#keys.set(key, (this.#keys.get(key) ?? 0) + 1);
    return () => this.#release(keys);
  }

  #release(keys: readonly Bytes[]): void {
    for (const key of keys) {
      const left = this.#keys.get(key)! - 1;
      if (left === 0) this.#keys.delete(key);
      else this.#keys.set(key, left);
    }
    this.#thawed?.();
    this.#thaw = this.#thawed = null;
  }

  has(key: Bytes): boolean {
    return this.#keys.has(key);
  }

  /** Resolves when some are no longer frozen. */
  get thaw(): Promise<void> {
    this.#thaw ??= new Promise((resolve) => (this.#thawed = resolve));
    return this.#thaw;
  }
}
