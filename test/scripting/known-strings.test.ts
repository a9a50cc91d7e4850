import fc from "fast-check";
import { expect, test } from "vitest";
import { KnownStrings } from "../../src/scripting/known-strings.ts";

const SIZE = 4096;

/** A place in memory is written, perhaps with what was there before or a part of it, and read. */
const step = fc.record({
  place: fc.nat(15),
  text: fc.oneof(
    fc.constantFrom("", "GET", "GETEX", "SET", "limit:1", "limit:2", "\xff\0"),
    fc.string({ maxLength: 100, unit: "binary-ascii" }),
  ),
});

test("what is read is what is there now", () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const known = new KnownStrings();
      const memory = Buffer.alloc(SIZE, 0x2e);
      for (const { place, text } of steps) {
        memory.latin1Write(text, 128 * place);
        for (let i = 0; i < 2; i++) expect(known.read(memory, 128 * place, text.length)).toBe(text);
      }
    }),
    { numRuns: 1000 },
  );
});

test("places that share one place of the cache do not take each other's text", () => {
  const known = new KnownStrings();
  const memory = Buffer.alloc(3 * 8192);
  ["abc", "abd", "ab"].forEach((text, i) => memory.latin1Write(text, 8192 * i));
  for (let round = 0; round < 2; round++) {
    expect([0, 1, 2].map((i) => known.read(memory, 8192 * i, i === 2 ? 2 : 3))).toEqual(["abc", "abd", "ab"]);
  }
});
