import fc from "fast-check";

/**
 * What random commands take their arguments from, by the name that a line of commands.ts uses. Pools are small,
 * so that commands meet each other's data, and hold what breaks parsers: empty and binary strings, numbers at
 * and beyond their limits, numbers that only look like one.
 */
type Pool = fc.Arbitrary<string[]>;

const one = (...values: string[]): Pool => fc.constantFrom(...values).map((value) => [value]);
const often = (usual: Pool, rare: Pool): Pool =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: rare });
const some = (pool: Pool, min: number, max: number): Pool =>
  fc.array(pool, { minLength: min, maxLength: max }).map((values) => values.flat());

const stringKey = one("s1", "s2", "s3", "", "\0\xff\r\n");
const hashKey = one("h1", "h2");
const setKey = one("t1", "t2", "t3");
const zsetKey = one("z1", "z2", "z3");
/** Ranges by member mean something only where all scores are equal: nothing else writes to these. */
const lexKey = one("l1", "l2");
const anyKey = fc.oneof(stringKey, hashKey, setKey, zsetKey, one("none"));
const member = fc.oneof(
  { weight: 6, arbitrary: one("a", "b", "c", "d", "e", "1", "2", "3", "42") },
  {
    weight: 1,
    arbitrary: one(
      "",
      "\0",
      "\xff\xfe",
      "-5",
      "01",
      "9223372036854775807",
      "9223372036854775808",
      "x".repeat(65),
    ),
  },
);
const integer = often(
  one("0", "1", "2", "3", "-1", "-2", "10", "100"),
  one(
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "4294967296",
    "2147483648",
    "+1",
    "-0",
    "01",
    " 1",
    "1 ",
    "1.0",
    "",
    "abc",
  ),
);
const float = often(
  one("0", "1", "-1", "1.5", "2.25", "3.0", "-0.1", "0.1", "100", "3e2"),
  one(
    "-0",
    "inf",
    "-inf",
    "+inf",
    "nan",
    "1e308",
    "-1e308",
    "1e400",
    "5e-324",
    "1e-400",
    "17179869184.5",
    "9007199254740993",
    "0x10",
    "1e",
    ".5",
    "5.",
    " 1",
    "1 ",
    "",
    "abc",
  ),
);
const value = fc.oneof(
  { weight: 3, arbitrary: integer },
  { weight: 2, arbitrary: float },
  {
    weight: 3,
    arbitrary: one(
      "hello",
      "world",
      "ohmytext",
      "mynewtext",
      "x".repeat(44),
      "x".repeat(45),
      "x".repeat(100),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary-ascii", maxLength: 20 }).map((text) => [text]) },
);
const lexBound = often(
  one("-", "+", "[a", "(a", "[c", "(c", "[", "("),
  one("a", "", "[\xff", "(1", "++", "-+"),
);
const scoreBound = often(
  one("-inf", "+inf", "0", "1", "(1", "1.5", "(2", "100", "-1"),
  one("(inf", "(", "nan", "abc", ""),
);
const pattern = one("*", "a*", "?", "[a-c]", "[^a]", "h*", "*1", "t[12]", "", "\\*", "[", "s?", "**", "w_*");
const count = often(
  one("0", "1", "2", "3", "10", "-1", "-3"),
  one("100", "-9223372036854775808", "9223372036854775807", "abc", ""),
);
/** Long enough that nothing expires during a run. */
const seconds = often(
  one("1000", "5000", "100000"),
  one("0", "-1", "9223372036854775807", "9223372036854776", "abc", ""),
);
const milliseconds = often(one("1000000", "5000000"), one("0", "-1", "9223372036854775807", "abc"));
const unixSeconds = often(one("9999999999", "99999999999"), one("0", "-5", "9223372036854775807", "abc"));
// Up to 2^53 - 1: leveldis keeps a later expiry as that one.
const unixMilliseconds = often(
  one("9999999999999"),
  one("0", "-5", "9007199254740991", "9223372036854775808", "abc"),
);

const counted = (key: Pool): Pool =>
  fc
    .tuple(fc.array(key, { minLength: 1, maxLength: 3 }), often(fc.constant([]), one("0", "-1", "5", "abc")))
    .map(([keys, wrongCount]) => [wrongCount[0] ?? String(keys.length), ...keys.flat()]);

export const pools: Readonly<Record<string, Pool>> = {
  string: often(stringKey, anyKey),
  hash: often(hashKey, anyKey),
  set: often(setKey, anyKey),
  zset: often(zsetKey, anyKey),
  lex: often(lexKey, fc.oneof(stringKey, hashKey, setKey)),
  "set-or-zset": often(fc.oneof(setKey, zsetKey), anyKey),
  key: anyKey,
  "counted-sets": counted(often(setKey, anyKey)),
  "counted-zsets": counted(fc.oneof(zsetKey, zsetKey, setKey, lexKey, often(zsetKey, anyKey))),
  db: often(one("0", "1"), one("15", "16", "-1", "abc")),
  member,
  members: some(member, 1, 4),
  value,
  pairs: some(
    fc.tuple(member, value).map((pair) => pair.flat()),
    1,
    4,
  ),
  scores: some(
    fc.tuple(float, member).map((pair) => pair.flat()),
    1,
    4,
  ),
  "equal-scores": some(
    member.map((name) => ["0", ...name]),
    1,
    6,
  ),
  score: float,
  weights: some(float, 1, 3),
  integer,
  float,
  count,
  index: often(one("0", "1", "2", "-1", "-2", "5", "-100", "100"), integer),
  // Between what fits a test and the limit lies much memory.
  offset: often(one("0", "1", "5", "20", "100"), one("-1", "536870912", "9223372036854775807", "abc")),
  "lex-bound": lexBound,
  "score-bound": scoreBound,
  pattern,
  seconds,
  milliseconds,
  "unix-seconds": unixSeconds,
  "unix-milliseconds": unixMilliseconds,
  type: one("string", "hash", "set", "zset", "list", "stream", "bogus"),
};
