import type { Bytes } from "../support/bytes.ts";
import type { ChangeList } from "./change-list.ts";
import { type Change, Overlay, mergeOverlays } from "./overlay.ts";

/** What changed in one round. */
interface Layer {
  readonly round: number;
  readonly changes: Overlay;
  /** How many changes it was given. */
  size: number;
}

/**
 * What batches of the log have of a collection's elements, and the store does not have yet: it is found here until it is
 * there. Not all of it has to be kept; whether it is, `isComplete` tells.
 */
export class UnstoredChanges {
  /** Of rounds that are not in the store, in their order. */
  #layers: readonly Layer[] = [];
  /** Of this round, or those before, there are changes that are neither here nor in the store; 0: of none. */
  #forgottenRound = 0;

  get isComplete(): boolean {
    return this.#forgottenRound === 0;
  }

  /** The later one counts. */
  get layers(): readonly Overlay[] {
    return this.#layers.map(({ changes }) => changes);
  }

  /** Undefined when nothing of the key changed. */
  get(key: Bytes): Bytes | null | undefined {
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const value = this.#layers[i]!.changes.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** The changes of a range, in order. */
  range(gte: Bytes, lt: Bytes): readonly Change[] {
    return this.#layers.reduce<readonly Change[]>(
      (before, { changes }) => mergeOverlays(before, changes.range(gte, lt)),
      NO_CHANGES,
    );
  }

  /**
   * Of a round that is not before that of earlier changes. When it has more than `most`, they are forgotten.
   * @returns how many more changes are kept now; negative: fewer
   */
  add(changes: ChangeList, round: number, most: number): number {
    const last = this.#layers.at(-1);
    const young = last?.round === round ? last : null;
    const size = young?.size ?? 0;
    if (size + changes.size > most) {
      // What is older than those must not be found in their place.
      this.#layers = [];
      this.#forgottenRound = round;
      return -size;
    }
    const layer = young ?? this.#begin(round);
    layer.changes.add(changes);
    layer.size += changes.size;
    return changes.size;
  }

  #begin(round: number): Layer {
    const layer = { round, changes: new Overlay(), size: 0 };
    this.#layers = [...this.#layers, layer];
    return layer;
  }

  /** Rounds up to this one are in the store. Whether nothing is left. */
  applied(round: number): boolean {
    if (this.#forgottenRound <= round) this.#forgottenRound = 0;
    this.#layers = this.#layers.filter((layer) => layer.round > round);
    return this.#layers.length === 0 && this.isComplete;
  }
}

const NO_CHANGES: readonly Change[] = [];
