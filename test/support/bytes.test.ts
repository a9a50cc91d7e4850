import { expect, test } from "vitest";
import { tailOf } from "../../src/support/bytes.ts";

test("the end of a string, whatever its length and its bytes", () => {
  const all = Array.from({ length: 3000 }, (_, i) => String.fromCharCode((i * 7) % 256)).join("");
  for (const length of [0, 1, 12, 13, 14, 100, 1023, 1024, 1025, 3000]) {
    for (const from of [0, 1, 5, 13, length - 13, length - 12, length]) {
      if (from < 0 || from > length) continue;
      expect(tailOf(all.slice(0, length), from)).toBe(all.slice(from, length));
    }
  }
});

test("it is no slice that keeps the string", () => {
  // A slice of a longer string takes a few bytes; so many of them keep all that they are cut from.
  const ends: string[] = [];
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 200_000; i++) {
    const whole = Buffer.alloc(1000, `${i} `).latin1Slice();
    ends.push(tailOf(whole, 980));
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  expect(ends).toHaveLength(200_000);
});
