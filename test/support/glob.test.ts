import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob, globMatch, literalPrefix } from "../../src/support/glob.ts";

describe("globMatch", () => {
  // Whether KEYS of 7.0.15 finds the key.
  it.each([
    ["*", "a", true],
    ["a*", "a", true],
    ["a**", "a", true],
    ["*a", "ba", true],
    ["*a*", "bab", true],
    ["a*b*c", "aXbXc", true],
    ["a*b*c", "aXcXb", false],
    ["a*a", "a", false],
    ["?", "a", true],
    ["?", "ab", false],
    ["h?llo", "hello", true],
    ["h[ae]llo", "hallo", true],
    ["h[^e]llo", "hallo", true],
    ["h[^e]llo", "hello", false],
    ["h[a-b]llo", "hbllo", true],
    ["h[b-a]llo", "hallo", true],
    ["[abc", "a", true],
    ["[abc", "d", false],
    ["[^abc", "d", true],
    ["[", "a", false],
    ["[", "[", false],
    ["[^", "x", true],
    ["[]", "]", false],
    ["[]a]", "]a]", false],
    ["[^]", "x", true],
    ["[a-]", "a", true],
    ["[a-]", "-", false],
    ["[a-]", "]", true],
    ["[a-]x", "b", false],
    ["[-a]", "-", true],
    ["[\\]]", "]", true],
    ["[\\]-a]", "-", true],
    ["[a\\-z]", "b", false],
    ["[a\\-z]", "-", true],
    ["[\\", "\\", true],
    ["\\", "\\", true],
    ["a\\", "a\\", true],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["\\a", "a", true],
    ["\\\\", "\\", true],
    ["\\[a]", "[a]", true],
    ["[\u0001-\xff]", "\u0001", true],
    ["[\u0001-\xff]", "a", false],
    ["[\u0001-\xff]", "\xff", true],
    ["[\x80-\xff]", "\x90", true],
    ["[a-\xff]", "z", false],
    ["[a-\xff]", "A", true],
    ["", "a", false],
    ["[a]*[b]", "aXb", true],
    ["*[b-d]", "xyzc", true],
    ["*?", "a", true],
    ["?*?", "a", false],
    ["?*?", "ab", true],
    ["a\u0000*", "a\u0000b", true],
    ["**?**", "x", true],
    ["[z-a]", "m", true],
    ["[!a]", "b", false],
    ["[!a]", "!", true],
  ])("%j on %j: %s", (pattern, text, matches) => {
    expect(globMatch(pattern, text)).toBe(matches);
    expect(compileGlob(pattern)(text)).toBe(matches);
  });

  it("matches the empty string with the empty pattern only", () => {
    expect(globMatch("", "")).toBe(true);
    for (const pattern of ["*", "**", "?", "[", "[^a]", "a"]) {
      expect(globMatch(pattern, "")).toBe(false);
      expect(compileGlob(pattern)("")).toBe(false);
    }
  });

  it.each([
    ["ABC*", "abcd", true],
    ["[a-c]x", "BX", true],
    ["[A-C]x", "bX", true],
    ["[abc]", "B", true],
    ["[\\a]", "A", false],
    ["[Z-a]", "z", false],
    ["[Z-a]", "a", false],
    ["\\A", "a", true],
    ["\xc1", "\xe1", false],
    ["[\x80-\xfe]", "\x90", true],
  ])("%j on %j ignoring case: %s", (pattern, text, matches) => {
    expect(globMatch(pattern, text, true)).toBe(matches);
  });

  const alphabet = fc.constantFrom(..."*?[]^-\\ab\x80");
  const patterns = fc.oneof(
    fc.string({ unit: alphabet, maxLength: 10 }),
    fc.string({ unit: fc.constantFrom(..."**ab\\"), maxLength: 12 }),
  );
  const texts = fc.oneof(
    fc.string({ unit: alphabet, maxLength: 8 }),
    fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 }),
  );

  it("equals trying everything", () => {
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const expected = text === "" ? pattern === "" : matchesSomehow(elements(pattern), text);
        expect(globMatch(pattern, text)).toBe(expected);
        expect(compileGlob(pattern)(text)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it("matches only what begins with the literal prefix", () => {
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const { prefix, isWhole } = literalPrefix(pattern);
        if (isWhole) expect(globMatch(pattern, text)).toBe(text === prefix);
        else if (globMatch(pattern, text)) expect(text.startsWith(prefix)).toBe(true);
      }),
    );
  });

  it("takes an escaped text as it is", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const pattern = text.replace(/[*?[\]\\^-]/g, "\\$&");
        expect(globMatch(pattern, text)).toBe(true);
        expect(literalPrefix(pattern)).toEqual({ prefix: text, isWhole: true });
      }),
    );
  });

  it("is not exponential in the number of stars", () => {
    const text = "a".repeat(50_000);
    for (const one of ["a", "?", "[a]"]) {
      const pattern = `*${one}`.repeat(900) + "b";
      expect(globMatch(pattern, text)).toBe(false);
      expect(compileGlob(pattern)(text)).toBe(false);
    }
  });

  it("gives up at the 1,001st star that is not the last", () => {
    const text = "a".repeat(2000);
    for (const match of [globMatch, (pattern: string, t: string) => compileGlob(pattern)(t)]) {
      expect(match("*a".repeat(1000), text)).toBe(true);
      expect(match("*a".repeat(1000) + "*", text)).toBe(true);
      expect(match("*a".repeat(1001), text)).toBe(false);
      expect(match("*a".repeat(1001) + "*", text)).toBe(false);
      expect(match("*".repeat(2000) + "a", text)).toBe(true);
    }
  });
});

describe("literalPrefix", () => {
  it.each([
    ["", "", true],
    ["user:1", "user:1", true],
    ["user:*", "user:", false],
    ["user:?", "user:", false],
    ["user:[ab]", "user:", false],
    ["a\\*b", "a*b", true],
    ["a\\*b*", "a*b", false],
    ["a\\", "a\\", true],
    ["a\\\\*", "a\\", false],
    ["a]^-", "a]^-", true],
  ])("of %j", (pattern, prefix, isWhole) => {
    expect(literalPrefix(pattern)).toEqual({ prefix, isWhole });
  });
});

type Element = "*" | ((byte: string) => boolean);

/** The grammar once more, as plain as it can be. */
function elements(pattern: string): Element[] {
  const found: Element[] = [];
  let rest = pattern;
  while (rest !== "") {
    const escaped = /^\\([^])/.exec(rest);
    const list = /^\[(\^?)((?:\\[^]|[^\]][-][^]|[^\]])*)(?:\]|$)/.exec(rest);
    if (rest[0] === "*") {
      found.push("*");
      rest = rest.slice(1);
    } else if (rest[0] === "?") {
      found.push(() => true);
      rest = rest.slice(1);
    } else if (list !== null) {
      const items = list[2]!.match(/\\[^]|[^\]]-[^]|[^]/g) ?? [];
      const negated = list[1] === "^";
      found.push((byte) => items.some((item) => inItem(item, byte)) !== negated);
      rest = rest.slice(list[0].length);
    } else {
      const literal = escaped === null ? rest[0]! : escaped[1]!;
      found.push((byte) => byte === literal);
      rest = rest.slice(escaped === null ? 1 : 2);
    }
  }
  return found;
}

function inItem(item: string, byte: string): boolean {
  if (item.length === 3) {
    const [value, ...ends] = [byte, item[0]!, item[2]!].map((c) => (c.charCodeAt(0) << 24) >> 24);
    return value! >= Math.min(...ends) && value! <= Math.max(...ends);
  }
  return item.length === 2 ? item[1] === byte : item === byte;
}

function matchesSomehow(pattern: readonly Element[], text: string): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text === "";
  if (first === "*") {
    return matchesSomehow(rest, text) || (text !== "" && matchesSomehow(pattern, text.slice(1)));
  }
  return text !== "" && first(text[0]!) && matchesSomehow(rest, text.slice(1));
}
