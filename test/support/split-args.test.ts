import fc from "fast-check";
import { expect, test } from "vitest";
import { quoteArg, splitArgs } from "../../src/support/split-args.ts";

test.each<[string, string[] | null]>([
  ["", []],
  [" \t\v\f\r\n", []],
  ["set k v\r\n", ["set", "k", "v"]],
  ["  a   b\tc ", ["a", "b", "c"]],
  ['"a b" c', ["a b", "c"]],
  ['"\\n\\r\\t\\b\\a\\q\\""', ['\n\r\t\b\x07q"']],
  ['"\\x00\\xFf"', ["\0\xff"]],
  ['"\\xg1"', ["xg1"]],
  ["'a\\'b' 'c\\nd'", ["a'b", "c\\nd"]],
  ['foo"bar baz"', ["foobar baz"]],
  ['""', [""]],
  ["a\vb", ["a\vb"]],
  ['a b\0c "', ["a", "b"]],
  ['"a', null],
  ["'a", null],
  ['"a"b', null],
  ["'a'b", null],
  ['"a\\', null],
])("splitArgs(%j)", (line, words) => {
  expect(splitArgs(line)).toEqual(words);
});

const bytes = fc.uint8Array().map((array) => Buffer.from(array).latin1Slice());

test("quoteArg is undone by splitArgs", () => {
  fc.assert(
    fc.property(fc.array(bytes), (words) => {
      expect(splitArgs(words.map(quoteArg).join(" "))).toEqual(words);
    }),
  );
});

test("splitArgs ends on any bytes", () => {
  fc.assert(
    fc.property(bytes, (line) => {
      const words = splitArgs(line);
      expect(words === null || words.every((word) => typeof word === "string")).toBe(true);
    }),
  );
});
