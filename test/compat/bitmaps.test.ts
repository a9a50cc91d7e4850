import { describe, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import { useCompat } from "./compat.ts";
import { showDisagreement } from "./pair.ts";

const compat = useCompat(["--enable-debug-command", "yes"]);

compat("SETBIT and GETBIT", [
  "SETBIT k 7 1",
  "GET k",
  "SETBIT k 7 1",
  "SETBIT k 7 0",
  "GET k",
  "SETBIT k 100 0",
  "STRLEN k",
  "SETBIT k 1000000 1",
  "STRLEN k",
  "GETBIT k 1000000",
  "GETBIT k 1000001",
  "GETBIT k 100000000",
  "GETBIT none 5",
  "OBJECT ENCODING k",
  "SET n 12345",
  "GETBIT n 2",
  "GETBIT n 3",
  "OBJECT ENCODING n",
  "SETBIT n 3 1",
  "OBJECT ENCODING n",
  "SETBIT n 6 1",
  "GET n",
  "SET e abc",
  "SETBIT e 0 0",
  "OBJECT ENCODING e",
  "SET t abc EX 100",
  "SETBIT t 1 0",
  "TTL t",
  "SETBIT new 0 0",
  "GET new",
  "OBJECT ENCODING new",
  "SETBIT k 4294967296 1",
  "SETBIT k -1 1",
  "SETBIT k abc 1",
  "SETBIT k #1 1",
  "SETBIT k 9223372036854775808 1",
  "SETBIT k 1 2",
  "SETBIT k 1 -1",
  "SETBIT k 1 x",
  "SETBIT k 1 01",
  'SETBIT k 1 ""',
  "SETBIT k x x",
  "GETBIT k -1",
  "GETBIT k x",
  "GETBIT k 4294967295",
  "GETBIT k 4294967296",
  "SADD s a",
  "SETBIT s 1 1",
  "GETBIT s 1",
  "SETBIT s 1 2",
  "SETBIT k 1",
  "GETBIT k",
]);

const ranges = [
  "0 -1",
  "0 0",
  "1 1",
  "1 -2",
  "-2 -1",
  "5 30",
  "-100 100",
  "3 2",
  "-1 -5",
  "100 200",
  "2 -100",
  "-100 -90",
  "0 9223372036854775807",
  "-9223372036854775808 -1",
  "-9223372036854775808 -9223372036854775807",
  "9223372036854775807 9223372036854775807",
  "8 15",
  "7 8",
  "47 47",
];
compat("BITCOUNT", [
  "SET k foobar",
  "BITCOUNT k",
  ...ranges.flatMap((range) => ["", " BYTE", " bit"].map((unit) => `BITCOUNT k ${range}${unit}`)),
  "BITCOUNT k 0",
  "BITCOUNT k 0 1 WORD",
  "BITCOUNT k -1 -5 WORD",
  "BITCOUNT k 0 1 BIT x",
  "BITCOUNT k a 1",
  "BITCOUNT k 0 b",
  "BITCOUNT k 0 1.5 BIT",
  "BITCOUNT none",
  "BITCOUNT none a",
  "BITCOUNT none 0 1 WORD",
  'SET empty ""',
  "BITCOUNT empty",
  "BITCOUNT empty 0 -1",
  "BITCOUNT empty 0 -1 BIT",
  "SET n 123456",
  "BITCOUNT n",
  "SADD s a",
  "BITCOUNT s",
  "BITCOUNT s a",
  "BITCOUNT",
]);

compat("BITPOS", [
  ...[
    'SET k "\\xff\\xf0\\x00"',
    'SET k "\\x00\\xff\\xf0"',
    'SET k "\\x00\\x00\\x00"',
    'SET k "\\xff\\xff\\xff"',
    'SET k ""',
    'SET k "\\x10\\x00\\xef\\x00\\xff\\x01"',
  ].flatMap((set) => [
    set,
    ...["0", "1"].flatMap((bit) => [
      `BITPOS k ${bit}`,
      ...["0", "1", "2", "3", "-1", "-100", "100"].map((start) => `BITPOS k ${bit} ${start}`),
      ...ranges.flatMap((range) => ["", " byte", " BIT"].map((unit) => `BITPOS k ${bit} ${range}${unit}`)),
    ]),
  ]),
  "BITPOS none 0",
  "BITPOS none 1",
  "BITPOS none 1 a",
  "BITPOS none 0 1 2 WORD",
  "BITPOS k 2",
  "BITPOS k -1",
  "BITPOS k a",
  "BITPOS k 9223372036854775808",
  "BITPOS k 1 a",
  "BITPOS k 1 0 a",
  "BITPOS k 1 0 1 WORD",
  "BITPOS k 1 0 a WORD",
  "BITPOS k 1 a a WORD",
  "BITPOS k 1 0 1 BIT x",
  "BITPOS k 1 0 BIT",
  "SADD s a",
  "BITPOS s 1",
  "BITPOS s 2",
]);

compat("BITOP", [
  "SET a foobar",
  "SET b abcdef",
  'SET c "\\xff\\x00"',
  'SET empty ""',
  ...["AND", "OR", "XOR", "and", "Xor"].flatMap((operation) =>
    ["a", "a b", "a c", "c a", "a none", "none a", "none", "empty", "empty a", "a b c", "a a"].flatMap(
      (sources) => [`BITOP ${operation} d ${sources}`, "GET d"],
    ),
  ),
  "BITOP NOT d c",
  "GET d",
  "OBJECT ENCODING d",
  "SET d x EX 100",
  "BITOP NOT d none",
  "EXISTS d",
  "SET d x EX 100",
  "BITOP OR d a",
  "TTL d",
  "BITOP NOT d a b",
  "BITOP NAND d a",
  "BITOP AND a a b",
  "GET a",
  "SET n 123",
  "BITOP OR d n",
  "GET d",
  "OBJECT ENCODING d",
  "SADD s x",
  "BITOP OR d a s",
  "BITOP OR s a",
  "TYPE s",
  "BITOP NOT d",
  "BITOP",
]);

compat("BITFIELD", [
  "BITFIELD k",
  "EXISTS k",
  "BITFIELD k SET i8 0 -100 GET i8 0",
  "BITFIELD k SET u8 0 255 GET u8 0 GET i8 0 GET u4 2 GET i3 5 GET u63 3 GET i64 1",
  "BITFIELD k SET u8 #1 97 SET u8 #2 98 GET u16 4",
  "GET k",
  "BITFIELD k INCRBY u8 #1 1 INCRBY i5 100 1 GET u4 0",
  "BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1",
  "BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1",
  "BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1",
  "BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1",
  "BITFIELD k OVERFLOW FAIL INCRBY u2 102 1",
  "BITFIELD k OVERFLOW FAIL SET u8 0 256 SET i8 0 128 SET i8 0 -129 SET u8 0 -1 SET i8 8 127",
  "BITFIELD k OVERFLOW SAT SET u8 0 256 SET i8 8 128 SET i8 16 -129 SET u8 24 -1",
  "GET k",
  "BITFIELD k OVERFLOW WRAP SET u8 0 256 SET i8 8 128 SET i8 16 -129 SET u8 24 -1",
  "GET k",
  "BITFIELD w SET i64 0 9223372036854775807 INCRBY i64 0 1 INCRBY i64 0 -1",
  "BITFIELD w OVERFLOW SAT INCRBY i64 0 9223372036854775807 OVERFLOW FAIL INCRBY i64 0 1",
  "BITFIELD w OVERFLOW SAT SET i64 0 -9223372036854775808 INCRBY i64 0 -1 OVERFLOW FAIL INCRBY i64 0 -9223372036854775808",
  "BITFIELD w SET i63 0 4611686018427387904 SET u63 1 9223372036854775807 INCRBY u63 1 1",
  "BITFIELD w OVERFLOW SAT INCRBY u63 1 -5 INCRBY u63 1 9223372036854775807 INCRBY u63 1 9223372036854775807",
  "BITFIELD w OVERFLOW SAT INCRBY u8 3 -9223372036854775808 INCRBY i8 3 -9223372036854775808",
  "BITFIELD w OVERFLOW SAT INCRBY u8 3 9223372036854775807 INCRBY i8 3 9223372036854775807",
  "BITFIELD w INCRBY u8 3 -9223372036854775808 INCRBY i8 3 9223372036854775807",
  "GET w",
  "BITFIELD low OVERFLOW SAT SET i1 0 -9223372036854775808 SET i1 1 -9223372036854775807 SET i64 8 -9223372036854775808",
  "BITFIELD low OVERFLOW SAT SET i8 0 -9223372036854775681 SET i8 8 -9223372036854775680 SET i63 16 -4611686018427387905",
  "BITFIELD low OVERFLOW SAT SET i63 0 -4611686018427387904 INCRBY i63 0 -9223372036854775808 INCRBY i63 0 9223372036854775807",
  "BITFIELD low OVERFLOW FAIL SET i8 0 -9223372036854775808 OVERFLOW WRAP SET i8 0 -9223372036854775801 GET i8 0",
  "GET low",
  "BITFIELD far OVERFLOW FAIL SET u1 80 2",
  "STRLEN far",
  "GET far",
  "BITFIELD far GET u8 1000 GET i64 76",
  "STRLEN far",
  "SET n 12345",
  "BITFIELD n GET u8 0",
  "OBJECT ENCODING n",
  "BITFIELD n OVERFLOW FAIL SET u1 0 2",
  "OBJECT ENCODING n",
  "SET t abc EX 100",
  "BITFIELD t SET u8 0 0",
  "TTL t",
  "BITFIELD k GET u64 0",
  "BITFIELD k GET i65 0",
  "BITFIELD k GET u0 0",
  "BITFIELD k GET U8 0",
  "BITFIELD k GET 8 0",
  "BITFIELD k GET u 0",
  "BITFIELD k GET u08 0",
  'BITFIELD k GET "" 0',
  "BITFIELD k GET u8 -1",
  "BITFIELD k GET u8 a",
  "BITFIELD k GET u8 #a",
  "BITFIELD k GET u8 #-1",
  "BITFIELD k GET u8 #536870911",
  "BITFIELD k GET u8 #536870912",
  "BITFIELD k GET u8 4294967295",
  "BITFIELD k GET u8 4294967296",
  "BITFIELD k GET i64 #9223372036854775807",
  "BITFIELD k GET i32 #2305843009213693952",
  "BITFIELD k SET u8 0 a",
  "BITFIELD k SET u8 0",
  "BITFIELD k GET u8",
  "BITFIELD k OVERFLOW",
  "BITFIELD k OVERFLOW x GET u8 0",
  "BITFIELD k OVERFLOW SAT",
  "BITFIELD k PUT u8 0 1",
  "BITFIELD k SET u8 0 1 PUT",
  "BITFIELD_RO k GET u8 0 GET i8 0",
  "BITFIELD_RO k",
  "BITFIELD_RO k SET u8 0 1",
  "BITFIELD_RO k GET u8 0 INCRBY u8 0 1",
  "BITFIELD_RO none GET u8 0",
  "BITFIELD_RO none SET u8 0 0",
  "EXISTS none",
  "SADD s a",
  "BITFIELD s GET u8 0",
  "BITFIELD s SET u8 0 1",
  "BITFIELD s",
  "BITFIELD_RO s GET u8 0",
  "BITFIELD_RO s SET u8 0 0",
  "BITFIELD",
]);

compat("keys of BITFIELD", [
  "COMMAND GETKEYSANDFLAGS BITFIELD k",
  "COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0",
  "COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0 OVERFLOW FAIL",
  "COMMAND GETKEYSANDFLAGS BITFIELD k OVERFLOW FAIL GET u8 0 INCRBY u8 0 1",
  "COMMAND GETKEYSANDFLAGS BITFIELD k SET u8 0 1",
  "COMMAND GETKEYSANDFLAGS BITFIELD k GET u8",
  "COMMAND GETKEYS BITOP AND d a b",
]);

/** Strings of more than 256 KiB are in chunks of 64 KiB: the same on both servers, at and around their borders. */
describe("long strings", () => {
  const CHUNK_BITS = 8 * (64 << 10);

  test.each([2, 3] as const)("RESP%i", { timeout: 120_000 }, async (resp) => {
    const pair = compat.pair(resp);
    await pair.reset();
    const random = new Random(resp);
    const keys = ["a", "b", "c"];
    const anyKey = (): string => keys[random.below(keys.length)]!;
    const bit = (): string => {
      const border = CHUNK_BITS * random.below(26);
      return String(Math.max(border + random.below(40) - 20, 0));
    };
    const index = (unit: string): string => {
      const at = unit === "BIT" ? Number(bit()) : Math.floor(Number(bit()) / 8);
      return String(random.below(4) === 0 ? -at : at);
    };
    const range = (): string[] => {
      const unit = ["BIT", "BYTE"][random.below(2)]!;
      return random.below(5) === 0 ? [] : [index(unit), index(unit), unit];
    };
    const operation = ["AND", "OR", "XOR", "NOT"];
    const field = (): string[] => [`${"iu"[random.below(2)]}${1 + random.below(63)}`, bit()];
    const makers: (() => string[])[] = [
      () => ["SETBIT", anyKey(), bit(), String(random.below(2))],
      () => ["SETBIT", anyKey(), bit(), "1"],
      () => ["GETBIT", anyKey(), bit()],
      () => ["BITCOUNT", anyKey(), ...range()],
      () => ["BITPOS", anyKey(), String(random.below(2)), ...range()],
      () => [
        "SETRANGE",
        anyKey(),
        String(Math.floor(Number(bit()) / 8)),
        "\xff".repeat(random.below(200_000)),
      ],
      () => ["APPEND", anyKey(), "\x01".repeat(random.below(70_000))],
      () => [
        "BITFIELD",
        anyKey(),
        "GET",
        ...field(),
        "SET",
        ...field(),
        String(random.below(1000)),
        "INCRBY",
        ...field(),
        "7",
      ],
      () => {
        const name = operation[random.below(4)]!;
        return [
          "BITOP",
          name,
          anyKey(),
          ...(name === "NOT" ? [anyKey()] : [anyKey(), anyKey(), "none"].slice(random.below(2))),
        ];
      },
      () => ["DEBUG", "DIGEST-VALUE", ...keys],
      () => ["GETRANGE", anyKey(), index("BYTE"), index("BYTE")],
      () => (random.below(4) === 0 ? ["DEL", anyKey()] : ["STRLEN", anyKey()]),
    ];
    const found: string[] = [];
    for (let i = 0; i < 400; i++) {
      const disagreement = await pair.run(makers[random.below(makers.length)]!());
      if (disagreement !== undefined) found.push(showDisagreement(disagreement));
    }
    expect(found.length, found.join("\n")).toBe(0);
  });
});
