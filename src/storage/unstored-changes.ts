import type { Bytes } from "../support/bytes.ts";
import type { ChangeList } from "./change-list.ts";
import { type Change, Overlay, mergeOverlays } from "./overlay.ts";

/** Never written to. */
const NONE = new Overlay();

/**
 * What batches of the log have of a collection's elements, and the store does not have yet: it is found here until it is
 * there. Not all of it has to be kept; whether it is, `isComplete` tells.
 */
export class UnstoredChanges {
  /** Of the round that batches belong to now. */
  #young = NONE;
  #youngRound = 0;
  /** How many changes `#young` was given. */
  #youngSize = 0;
  /** Of the round before, which is being applied. */
  #old = NONE;
  /** Of this round, or the one before, there are changes that are neither here nor in the store; 0: of none. */
  #forgottenRound = 0;

  get isComplete(): boolean {
    return this.#forgottenRound === 0;
  }

  /** The later one counts. */
  get layers(): readonly Overlay[] {
    return [this.#old, this.#young];
  }

  /** Undefined when nothing of the key changed. */
  get(key: Bytes): Bytes | null | undefined {
    const young = this.#young.get(key);
    return young !== undefined ? young : this.#old.get(key);
  }

  /** The changes of a range, in order. */
  range(gte: Bytes, lt: Bytes): readonly Change[] {
    return mergeOverlays(this.#old.range(gte, lt), this.#young.range(gte, lt));
  }

  /**
   * Of a round that is not before that of earlier changes. When it has more than `most`, they are forgotten.
   * @returns how many more changes are kept now; negative: fewer
   */
  add(changes: ChangeList, round: number, most: number): number {
    if (round !== this.#youngRound) {
      this.#old = this.#old.followedBy(this.#young);
      this.#young = NONE;
      this.#youngRound = round;
      this.#youngSize = 0;
    }
    if (this.#youngSize + changes.size > most) return this.#forget();
    if (this.#young === NONE) this.#young = new Overlay();
    this.#young.add(changes);
    this.#youngSize += changes.size;
    return changes.size;
  }

  #forget(): number {
    const forgotten = this.#youngSize;
    // What is older than those must not be found in their place.
    this.#young = this.#old = NONE;
    this.#youngSize = 0;
    this.#forgottenRound = this.#youngRound;
    return -forgotten;
  }

  /** Rounds up to this one are in the store. Whether nothing is left. */
  applied(round: number): boolean {
    this.#old = NONE;
    if (this.#forgottenRound <= round) this.#forgottenRound = 0;
    if (this.#youngRound > round) return false;
    this.#young = NONE;
    return true;
  }
}
