import type { Bytes } from "../../support/bytes.ts";
import type { Random } from "../../support/random.ts";
import { HyperLogLog } from "./hyperloglog.ts";
import { DENSE_BYTES, REGISTERS, denseRegister, patternOf, setDenseRegister } from "./registers.ts";

const REGISTER_ROUNDS = 1000;
const ELEMENTS = 10_000_000;
/** The standard error of 16384 registers. */
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS);
/** An estimate may be off by so many of them. */
const MAX_ERRORS = 6;

/** What PFSELFTEST finds wrong, null when all is well. Takes some seconds. */
export function selfTest(random: Random, sparseMaxBytes: number): string | null {
  return testRegisters(random) ?? testEstimates(random, sparseMaxBytes);
}

/** Registers keep what they are set to, and leave their neighbours alone. */
function testRegisters(random: Random): string | null {
  const dense = new Uint8Array(DENSE_BYTES);
  const bytes = new Uint8Array(REGISTERS);
  for (let round = 0; round < REGISTER_ROUNDS; round++) {
    for (let index = 0; index < REGISTERS; index++) {
      bytes[index] = random.next32() & 63;
      setDenseRegister(dense, 0, index, bytes[index]!);
    }
    for (let index = 0; index < REGISTERS; index++) {
      const value = denseRegister(dense, 0, index);
      if (value !== bytes[index]) {
        return `TESTFAILED Register ${index} should be ${bytes[index]} but is ${value}`;
      }
    }
  }
  return null;
}

/** At 1, 10, 100 … elements the sparse and the dense form agree, and are near enough. */
function testEstimates(random: Random, sparseMaxBytes: number): string | null {
  const dense = new HyperLogLog();
  dense.makeDense();
  const sparse = new HyperLogLog();
  const seedLow = random.next32();
  const seedHigh = random.next32();
  let checkpoint = 1;
  for (let i = 1; i <= ELEMENTS; i++) {
    const pattern = patternOf(eightBytes(i ^ seedLow, seedHigh));
    dense.raise(pattern, 0);
    sparse.raise(pattern, sparseMaxBytes);
    if (i !== checkpoint) continue;
    if (i < sparseMaxBytes / 2 && sparse.isDense) return "TESTFAILED sparse encoding not used";
    const count = dense.count();
    if (count !== sparse.count()) return "TESTFAILED dense/sparse disagree";
    // Two of ten that meet in one register are no rare thing.
    const mostOff = i === 10 ? 1 : Math.ceil(STANDARD_ERROR * MAX_ERRORS * i);
    const off = Math.abs(i - Number(count));
    if (off > mostOff) return `TESTFAILED Too big error. card:${i} abserr:${off}`;
    checkpoint *= 10;
  }
  return null;
}

function eightBytes(low: number, high: number): Bytes {
  return String.fromCharCode(
    low & 0xff,
    (low >>> 8) & 0xff,
    (low >>> 16) & 0xff,
    low >>> 24,
    high & 0xff,
    (high >>> 8) & 0xff,
    (high >>> 16) & 0xff,
    high >>> 24,
  );
}
