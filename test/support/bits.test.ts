import { expect, test } from "vitest";
import { type BitOperation, combineBits, countSetBits, firstBit } from "../../src/support/bits.ts";
import { Random } from "../../src/support/random.ts";

const random = new Random(3);

function noise(length: number): string {
  return Buffer.from(Array.from({ length }, () => random.next32() & 0xff)).latin1Slice();
}

const bitsOf = (bytes: string): string =>
  [...bytes].map((char) => char.charCodeAt(0).toString(2).padStart(8, "0")).join("");

test("bits are counted", () => {
  expect(countSetBits("")).toBe(0);
  expect(countSetBits("\x03\xff")).toBe(10);
  for (const length of [1, 2, 3, 4, 5, 31, 1000, 65_535, 65_536, 65_537, 200_001]) {
    const bytes = noise(length);
    expect(countSetBits(bytes)).toBe(bitsOf(bytes).split("1").length - 1);
  }
});

test("the first bit from one place to another", () => {
  expect(firstBit("\x0f", 1, 0, 7)).toBe(4);
  expect(firstBit("", 0, 0, -1)).toBe(-1);
  for (let round = 0; round < 3000; round++) {
    const bytes = sparse(1 + random.below(20));
    const bits = bitsOf(bytes);
    const from = random.below(bits.length);
    const to = from + random.below(bits.length - from);
    for (const bit of [0, 1] as const) {
      const found = bits.indexOf(String(bit), from);
      expect(firstBit(bytes, bit, from, to)).toBe(found > to ? -1 : found);
    }
  }
});

/** Mostly zeros, or mostly ones. */
function sparse(length: number): string {
  const plain = random.below(2) === 0 ? "\0" : "\xff";
  const at = random.below(length * 2);
  return (
    plain.repeat(at).slice(0, length) +
    (at < length ? noise(1) : "") +
    plain.repeat(Math.max(length - at - 1, 0))
  );
}

test("the first bit far away", () => {
  const zeros = "\0".repeat(200_000);
  expect(firstBit(`${zeros}\x01`, 1, 0, 1_600_007)).toBe(1_600_007);
  expect(firstBit(`${zeros}\x01`, 1, 3, 1_600_006)).toBe(-1);
  expect(firstBit(zeros, 1, 0, 1_599_999)).toBe(-1);
});

test.each(["AND", "OR", "XOR", "NOT"] as const)("%s of strings of different lengths", (operation) => {
  for (let round = 0; round < 300; round++) {
    const operands = Array.from({ length: operation === "NOT" ? 1 : 1 + random.below(3) }, () =>
      noise(random.below(20)),
    );
    const length = Math.max(...operands.map((bytes) => bytes.length)) + random.below(3);
    expect(combineBits(operation, operands, length)).toBe(slowly(operation, operands, length));
  }
});

function slowly(operation: BitOperation, operands: readonly string[], length: number): string {
  const bytes = Array.from({ length }, (_, at) => {
    const [first, ...others] = operands.map((operand) => operand.charCodeAt(at) || 0);
    if (operation === "NOT") return ~first! & 0xff;
    return others.reduce(
      (sum, byte) => (operation === "AND" ? sum & byte : operation === "OR" ? sum | byte : sum ^ byte),
      first!,
    );
  });
  return bytes.every((byte) => byte === 0) ? "" : Buffer.from(bytes).latin1Slice();
}
