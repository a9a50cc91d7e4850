import type { End } from "./list.ts";

/** What LPOS and LREM look for. */
export interface Search {
  readonly from: End;
  /** Look at so many elements at the most. */
  readonly span: number;
  /** Find so many. */
  readonly limit: number;
}

/** The indexes of up to `limit` elements that match, as they come from an end of a list of `count`. */
export function searchIn(matches: (index: number) => boolean, count: number, search: Search): number[] {
  const { from, limit } = search;
  const span = Math.min(search.span, count);
  const found: number[] = [];
  for (let i = 0; i < span && found.length < limit; i++) {
    const index = from === "head" ? i : count - 1 - i;
    if (matches(index)) found.push(index);
  }
  return found;
}
