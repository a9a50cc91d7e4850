import type { WriteBatch } from "./store.ts";

/** Something in memory whose changes are to be written: a key's entry, a collection's elements, a counter. */
export interface Persistent {
  /** The batch that holds (or will hold) its last change; 0 when it never changed. Set by the committer. */
  batch: number;
  /** Put the present state into the batch. Called once for each batch that it changed in, which is of that round. */
  persist(batch: WriteBatch, round: number): void;
  /** What was put into batches of rounds up to this one is in the store. */
  applied?(round: number): void;
}
