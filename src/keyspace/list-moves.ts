/**
 * Which elements of a list move when something changes in its middle: those of the shorter side. Indexes are those of
 * before the change; what moves beyond the head gets index -1.
 */
export type Move = (from: number, to: number) => void;

/** Whether an element that comes before the one at `index` makes room towards the head. */
export function isNearHead(index: number, size: number): boolean {
  return index < size - index;
}

/**
 * Makes room for one element before the one at `index`, in an order that overwrites nothing that is still to move. The
 * free place is then at `index`, or (near the head) at `index - 1`.
 */
export function openGap(index: number, size: number, move: Move): void {
  if (isNearHead(index, size)) for (let i = 0; i < index; i++) move(i, i - 1);
  else for (let i = size - 1; i >= index; i--) move(i, i + 1);
}

/** Elements to remove, and which of the gaps are closed from the head. */
export interface Gaps {
  /** Ascending. */
  readonly indexes: readonly number[];
  /** So many of the first are filled by what is before them, the others by what is behind. */
  readonly atHead: number;
}

/** The split that moves the fewest elements: those between the last gap of the one kind and the first of the other stay. */
export function planGaps(indexes: readonly number[], size: number): Gaps {
  let atHead = 0;
  let fewest = Infinity;
  for (let split = 0; split <= indexes.length; split++) {
    const { before, behind } = movedBy({ indexes, atHead: split }, size);
    if (before + behind < fewest) {
      fewest = before + behind;
      atHead = split;
    }
  }
  return { indexes, atHead };
}

/** How many elements, the removed ones among them included, there are on the sides that move. */
export function movedBy({ indexes, atHead }: Gaps, size: number): { before: number; behind: number } {
  return {
    before: atHead === 0 ? 0 : indexes[atHead - 1]! + 1,
    behind: atHead === indexes.length ? 0 : size - indexes[atHead]!,
  };
}

/** Moves what closes the gaps. The places that are then left over are at the ends. */
export function closeGaps({ indexes, atHead }: Gaps, size: number, move: Move): void {
  let to = indexes[atHead - 1] ?? -1;
  for (let next = atHead - 1, from = to; from >= 0; from--) {
    if (from === indexes[next]) next--;
    else move(from, to--);
  }
  to = indexes[atHead] ?? size;
  for (let next = atHead, from = to; from < size; from++) {
    if (from === indexes[next]) next++;
    else move(from, to++);
  }
}
