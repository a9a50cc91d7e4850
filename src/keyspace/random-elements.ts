import type { Element, Elements } from "../storage/elements.ts";
import { u32 } from "../storage/numbers.ts";
import type { Reading } from "../storage/reading.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";
import { drawDistinct, drawRepeated } from "./draw.ts";

/** Elements around a random place. */
const MIN_WINDOW = 16;
/** A draw of more elements than this takes several from each window: neighbours have nothing else in common. */
const MAX_SEEKS = 64;
/** Windows that meet one another leave too few different elements: members of chosen crc32, which are all in one place. */
const MAX_ROUNDS = 4;
/** A window is looked for among so many times as many elements: there are hardly ever too few of them. */
const AMONG = 4;
const CRC_END = 2 ** 32;

/**
 * Random elements of a collection that is too large for memory, whose elements are sorted by crc32. A seek to a
 * random crc32 alone would favour elements behind a gap, so a window of neighbours is read there and the draw is
 * made among them: the odds of two elements then differ by a quarter, not by a factor.
 *
 * Who draws one at a time is dealt a window, element by element: to read it takes thirty times as long as to look whether
 * an element is still there.
 */
export class RandomElements {
  readonly #elements: Elements;
  readonly #reading: Reading;
  /** The part of the elements to draw from, and what comes behind it. */
  readonly #part: Bytes;
  readonly #end: Bytes;
  /** How many elements the part has. */
  readonly #count: () => number;
  /** Keys of a window in random order. They may be gone. */
  #dealt: Bytes[] = [];

  constructor(elements: Elements, reading: Reading, part: Bytes, count: () => number) {
    this.#elements = elements;
    this.#reading = reading;
    this.#part = part;
    this.#end = String.fromCharCode(part.charCodeAt(0) + 1);
    this.#count = count;
  }

  /** One element. May fault. */
  one(random: Random): Element {
    return this.#next() ?? this.#deal(random);
  }

  #next(): Element | null {
    const { attempt, mustFault } = this.#reading;
    // An attempt that starts again would not be dealt the same.
    if (mustFault || attempt.undo !== null) return null;
    for (let key = this.#dealt.pop(); key !== undefined; key = this.#dealt.pop()) {
      const value = this.#elements.get(key);
      if (value !== null) return [key, value];
    }
    return null;
  }

  #deal(random: Random): Element {
    const window = this.#shuffledWindow(random.next32(), MIN_WINDOW, MIN_WINDOW, random);
    this.#dealt = window.slice(1).map(([key]) => key);
    return window[0]!;
  }

  /**
   * `count` different elements; there should be many times as many. Null when they were not found: then all have to be
   * looked at. May fault.
   */
  distinct(count: number, random: Random): Element[] | null {
    if (count === 1) return [this.one(random)];
    const drawn = new Map<Bytes, Element>();
    for (let round = 0; drawn.size < count; round++) {
      if (round === MAX_ROUNDS) return null;
      const missing = count - drawn.size;
      for (const element of this.#several(missing, random)) drawn.set(element[0], element);
    }
    return [...drawn.values()].slice(0, count);
  }

  /** `count` elements, any of them more than once. May fault. */
  repeated(count: number, random: Random): Element[] {
    if (count === 1) return [this.one(random)];
    const drawn = this.#several(count, random).slice(0, count);
    // Of a few large ones there are not so many in all windows together.
    return [...drawn, ...drawRepeated(drawn, count - drawn.length, random)];
  }

  /**
   * At least `count` elements, of windows that are read at the same time; less when there are hardly any. Those of two
   * windows may be the same.
   */
  #several(count: number, random: Random): Element[] {
    const perSeek = Math.ceil(count / MAX_SEEKS);
    const size = Math.max(MIN_WINDOW, 2 * perSeek);
    const seeks = Array.from({ length: Math.ceil(count / perSeek) }, () => random.next32());
    return this.#reading.attempt
      .together(seeks, (crc) => this.#shuffledWindow(crc, size, perSeek, random))
      .flat();
  }

  #shuffledWindow(crc: number, size: number, count: number, random: Random): Element[] {
    const place = this.#from(crc);
    // Not as far as the end: what is read has to learn of all that is written there meanwhile.
    const near = this.#from(crc + Math.ceil((AMONG * size * CRC_END) / this.#count()));
    const window = [...this.#elements.range({ gte: place, lt: near }, size)];
    const more = (gte: Bytes, lt: Bytes): void => {
      if (window.length < size && gte < lt)
        window.push(...this.#elements.range({ gte, lt }, size - window.length));
    };
    more(near, this.#end);
    // Behind the greatest crc32 comes the least, up to where the window begins.
    more(this.#part, place);
    return drawDistinct(window, count, random);
  }

  /** Where elements of this crc32 begin, or of a greater one. */
  #from(crc: number): Bytes {
    return crc < CRC_END ? this.#part + u32(crc) : this.#end;
  }
}
