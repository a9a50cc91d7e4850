/**
 * Sorts so that the first `count` items are the right ones in the right order; the others come behind them in any.
 *
 * It is the quicksort of J. L. Bentley and M. D. McIlroy, "Engineering a sort function" (1993), which leaves out the
 * parts behind `count`. Not a shorter one, since among equal items those that Redis shows are those that this
 * algorithm, step by step, brings to the front.
 */
export function sortFirst<T>(items: T[], count: number, compare: (a: T, b: T) => number): void {
  let from = 0;
  let to = items.length;
  // Of both parts the left one is sorted first, though either order would do.
  const waiting: [from: number, to: number][] = [];
  for (;;) {
    const [equalFrom, equalTo] = to - from < INSERTION_BELOW ? insertionSort() : partition();
    if (to - equalTo > 1 && equalTo < count) waiting.push([equalTo, to]);
    if (equalFrom - from > 1 && from < count) waiting.push([from, equalFrom]);
    const next = waiting.pop();
    if (next === undefined) return;
    [from, to] = next;
  }

  function insertionSort(): [number, number] {
    for (let end = from + 1; end < to; end++) {
      for (let at = end; at > from && compare(items[at - 1]!, items[at]!) > 0; at--) swap(at - 1, at);
    }
    return [from, to];
  }

  /** Returns the range of what equals the pivot; what is less is before it, what is greater behind. */
  function partition(): [number, number] {
    swap(from, choosePivot());
    const pivot = from;
    // Equal items gather at both ends: up to `equalLeft`, and behind `equalRight`.
    let equalLeft = from + 1;
    let left = from + 1;
    let right = to - 1;
    let equalRight = to - 1;
    for (;;) {
      let order = 0;
      while (left <= right && (order = compare(items[left]!, items[pivot]!)) <= 0) {
        if (order === 0) swap(equalLeft++, left);
        left++;
      }
      while (left <= right && (order = compare(items[right]!, items[pivot]!)) >= 0) {
        if (order === 0) swap(right, equalRight--);
        right--;
      }
      if (left > right) break;
      swap(left++, right--);
    }
    swapRuns(from, left, Math.min(equalLeft - from, left - equalLeft));
    swapRuns(left, to, Math.min(equalRight - right, to - equalRight - 1));
    return [from + left - equalLeft, to - (equalRight - right)];
  }

  function choosePivot(): number {
    const size = to - from;
    const middle = from + (size >> 1);
    if (size === INSERTION_BELOW) return middle;
    if (size <= MEDIANS_ABOVE) return median(from, middle, to - 1);
    const step = size >> 3;
    return median(
      median(from, from + step, from + 2 * step),
      median(middle - step, middle, middle + step),
      median(to - 1 - 2 * step, to - 1 - step, to - 1),
    );
  }

  function median(a: number, b: number, c: number): number {
    if (compare(items[a]!, items[b]!) < 0) {
      if (compare(items[b]!, items[c]!) < 0) return b;
      return compare(items[a]!, items[c]!) < 0 ? c : a;
    }
    if (compare(items[b]!, items[c]!) > 0) return b;
    return compare(items[a]!, items[c]!) < 0 ? a : c;
  }

  /** Exchanges the `length` items from `start` on with those before `end`. */
  function swapRuns(start: number, end: number, length: number): void {
    for (let i = 0; i < length; i++) swap(start + i, end - length + i);
  }

  function swap(a: number, b: number): void {
    const item = items[a]!;
    items[a] = items[b]!;
    items[b] = item;
  }
}

const INSERTION_BELOW = 7;
/** From here on the pivot is a median of medians. */
const MEDIANS_ABOVE = 40;
