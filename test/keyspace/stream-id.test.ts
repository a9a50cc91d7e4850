import { expect, test } from "vitest";
import {
  type StreamId,
  LAST_SEQUENCE,
  MAX_ID,
  MIN_ID,
  formatId,
  idAt,
  nextId,
  parseId,
  previousId,
} from "../../src/keyspace/stream/id.ts";

function idOf(text: string): StreamId {
  const { ms, sequence } = parseId(text)!;
  return ms + sequence!;
}

test.each([
  ["0-0", "0-1"],
  ["1-254", "1-255"],
  ["1-255", "1-256"],
  ["1700000000000-4294967294", "1700000000000-4294967295"],
  ["1700000000000-4294967295", "1700000000000-4294967296"],
  ["1-18446744073709551615", "2-0"],
  ["4294967295-18446744073709551615", "4294967296-0"],
  ["18446744073709551615-18446744073709551614", "18446744073709551615-18446744073709551615"],
])("%s is followed by %s", (id, next) => {
  expect(formatId(nextId(idOf(id))!)).toBe(next);
  expect(previousId(idOf(next))).toBe(idOf(id));
});

test("nothing is behind the last id, or before the first", () => {
  expect(nextId(MAX_ID)).toBeNull();
  expect(previousId(MIN_ID)).toBeNull();
});

test.each([
  // A new millisecond, and one in which ids were given already.
  [1_700_000_000_001, "1700000000000-7", "1700000000001-0"],
  [1_700_000_000_000, "1700000000000-7", "1700000000000-8"],
  [1_700_000_000_000, "1700000000000-18446744073709551615", "1700000000001-0"],
  // The clock was set back, or the client knew better.
  [1_600_000_000_000, "1700000000000-7", "1700000000000-8"],
  [1_700_000_000_000, "18446744073709551615-7", "18446744073709551615-8"],
  [1_700_000_000_000, "9007199254740993-7", "9007199254740993-8"],
  [4_294_967_296, "4294967295-7", "4294967296-0"],
])("at %i, behind %s, comes %s", (nowMs, last, next) => {
  expect(formatId(idAt(nowMs, idOf(last)))).toBe(next);
});

test("ids of different milliseconds are told in turns", () => {
  for (const text of ["0-1", "5-1", "4294967301-1", "5-2", "0-0", "18446744073709551615-1", "5-1"])
    expect(formatId(idOf(text))).toBe(text);
  expect(formatId(idOf("5-1").slice(0, 8) + LAST_SEQUENCE)).toBe("5-18446744073709551615");
});
