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
const listKey = one("q1", "q2", "q3");
const zsetKey = one("z1", "z2", "z3");
/** Ranges by member mean something only where all scores are equal: nothing else writes to these. */
const lexKey = one("l1", "l2");
const hllKey = one("p1", "p2", "p3");
const geoKey = one("g1", "g2");
const streamKey = one("x1", "x2");
const anyKey = fc.oneof(stringKey, hashKey, setKey, zsetKey, listKey, streamKey, one("none"));
/** Small ids meet each other; some are beyond what there is, or none. */
const id = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(9), fc.nat(3)).map(([ms, seq]) => [`${ms}-${seq}`]) },
  { weight: 2, arbitrary: fc.nat(20).map((ms) => [String(ms)]) },
  {
    weight: 1,
    arbitrary: one(
      "0",
      "0-0",
      "18446744073709551615-18446744073709551615",
      "18446744073709551615",
      "18446744073709551616",
      "5-",
      "-5",
      "5-*",
      "01-1",
      " 5-1",
      "+5-+1",
      "*",
      "abc",
      "",
      "5-1\0",
    ),
  },
);
/** Those that are added grow, so that most of them can be. */
const newId = often(
  fc.tuple(fc.nat(30), fc.nat(3)).map(([ms, seq]) => [`${ms}-${seq}`]),
  fc.oneof(
    fc.nat(30).map((ms) => [`${ms}-*`]),
    one("40", "9223372036854775807-5", "18446744073709551615-0", "-", "+", "abc", "5-a"),
  ),
);
const groupName = often(one("g", "h"), one("none", ""));
const consumerName = often(one("alice", "bob", "carol"), one("", "x".repeat(70), "\0"));
/** So long that nothing is idle for it, or no time at all. */
const idle = often(one("0", "0", "1000000"), one("-1", "abc", "9223372036854775807"));
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

/** Few places, so that distances are equal; some at and beyond the edges of the map. */
const longitude = often(one("0", "15", "-122.27652", "13.361389"), one("180", "-180", "180.1", "abc", ""));
const latitude = often(one("0", "37", "37.80574", "38.115556"), one("85.05112878", "-85.1", "90", "nan"));
const position = fc.tuple(longitude, latitude).map((pair) => pair.flat());
const unit = often(one("m", "km", "ft", "mi"), one("M", "parsec", ""));
const distance = often(one("0", "1", "200", "5000", "1e7"), one("-1", "inf", "abc", ""));

export const pools: Readonly<Record<string, Pool>> = {
  string: often(stringKey, anyKey),
  hash: often(hashKey, anyKey),
  set: often(setKey, anyKey),
  zset: often(zsetKey, anyKey),
  list: often(listKey, anyKey),
  stream: often(streamKey, anyKey),
  id,
  ids: some(id, 1, 4),
  "new-id": newId,
  "range-id": fc.oneof(
    { weight: 3, arbitrary: id },
    { weight: 1, arbitrary: id.map(([text]) => [`(${text}`]) },
    { weight: 2, arbitrary: one("-", "+", "(-", "(") },
  ),
  group: groupName,
  "usual-group": one("g"),
  consumer: consumerName,
  idle,
  lex: often(lexKey, fc.oneof(stringKey, hashKey, setKey)),
  "set-or-zset": often(fc.oneof(setKey, zsetKey), anyKey),
  sortable: often(fc.oneof(setKey, zsetKey, listKey), anyKey),
  key: anyKey,
  hll: often(hllKey, anyKey),
  geo: often(geoKey, anyKey),
  position,
  positions: some(
    fc.tuple(position, member).map((triple) => triple.flat()),
    1,
    4,
  ),
  unit,
  distance,
  "counted-sets": counted(often(setKey, anyKey)),
  "counted-zsets": counted(fc.oneof(zsetKey, zsetKey, setKey, lexKey, often(zsetKey, anyKey))),
  "counted-lists": counted(often(listKey, anyKey)),
  end: one("LEFT", "RIGHT", "left", "Right"),
  values: some(value, 1, 4),
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
  bit: often(one("0", "1"), one("2", "-1", "abc")),
  "bit-offset": often(
    one("0", "1", "7", "8", "13", "63", "100", "400"),
    one("-1", "4294967296", "9223372036854775807", "abc", "#1", ""),
  ),
  "bit-operation": often(one("AND", "OR", "XOR", "and"), one("NOT", "NAND")),
  overflow: often(one("WRAP", "SAT", "FAIL"), one("sat", "ROLL")),
  "field-type": often(
    one("u1", "i1", "u4", "i5", "u8", "i8", "u16", "i32", "u63", "i63", "i64"),
    one("u64", "i65", "u0", "8", "U8", ""),
  ),
  "field-offset": often(
    one("0", "1", "7", "8", "13", "63", "#0", "#1", "#2", "100"),
    one("-1", "#-1", "4294967296", "#9223372036854775807", "abc", ""),
  ),
  "lex-bound": lexBound,
  "score-bound": scoreBound,
  pattern,
  seconds,
  milliseconds,
  "unix-seconds": unixSeconds,
  "unix-milliseconds": unixMilliseconds,
  type: one("string", "hash", "set", "zset", "list", "stream", "bogus"),
};
