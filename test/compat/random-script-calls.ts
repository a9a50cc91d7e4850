import fc from "fast-check";
import { showing } from "./script-libraries.ts";

/** A script and its ARGV. */
export type ScriptCall = [script: string, ...args: string[]];

const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array).toString("latin1"));

const text = fc.string({ maxLength: 12, unit: "binary" });
const value = fc.anything({
  key: text,
  values: [text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)],
  maxDepth: 4,
});

/** JSON, and what is nearly JSON: pieces are cut out, doubled or replaced. */
const json = fc
  .tuple(
    value.map((value) => Buffer.from(JSON.stringify(value)).toString("latin1")),
    fc.array(fc.tuple(fc.nat(200), fc.nat(4), fc.constantFrom("", "", ...'[]{}:,"\\0e-.\0\xffuntI+')), {
      maxLength: 2,
    }),
  )
  .map(([text, edits]) =>
    edits.reduce((edited, [at, cut, insert]) => edited.slice(0, at) + insert + edited.slice(at + cut), text),
  );

/** Bytes in which those that begin a value of MessagePack are frequent. */
const message = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 0xc0, max: 0xdf }) },
      { weight: 3, arbitrary: fc.integer({ min: 0x80, max: 0xa4 }) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 4 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
    ),
    { maxLength: 24 },
  )
  .map((codes) => String.fromCharCode(...codes));

const format = fc
  .array(
    fc.oneof(
      fc.constantFrom(..."bBhHlLTiIfdxcs<>! "),
      fc.constantFrom("c0", "c3", "i3", "I5", "i8", "i9", "!2", "!4", "!8", "Bc0"),
      fc.constantFrom("z", "1", "!3", "i33"),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

const number = fc
  .oneof(fc.double({ noNaN: true }), fc.integer(), fc.integer({ min: -40, max: 300 }), fc.maxSafeInteger())
  .map(String);

const bitNames = [
  "tobit",
  "bnot",
  "bswap",
  "tohex",
  "band",
  "bor",
  "bxor",
  "lshift",
  "rshift",
  "arshift",
  "rol",
  "ror",
];

const call = (expression: string, ...args: fc.Arbitrary<string>[]): fc.Arbitrary<ScriptCall> =>
  fc.tuple(...args).map((values): ScriptCall => [showing(expression), ...values]);

export const randomScriptCalls: fc.Arbitrary<ScriptCall> = fc.oneof(
  call("cjson.decode(ARGV[1])", json),
  call("cjson.encode(cjson.decode(ARGV[1]))", json),
  call("cmsgpack.pack(cjson.decode(ARGV[1]))", json),
  call("cmsgpack.unpack(cmsgpack.pack(cjson.decode(ARGV[1]), ARGV[1]))", json),
  call("cjson.encode({ARGV[1], [ARGV[1]] = ARGV[2]})", bytes(40), bytes(40)),
  call("cjson.encode({tonumber(ARGV[1]), {[tonumber(ARGV[2])] = true}})", number, number),
  call("cmsgpack.pack(tonumber(ARGV[1]), ARGV[2])", number, bytes(300)),
  call("cmsgpack.unpack(ARGV[1])", message),
  call("cmsgpack.unpack_limit(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]))", message, number, number),
  call("cjson.encode({cmsgpack.unpack(ARGV[1])})", message),
  call("cmsgpack.pack(cmsgpack.unpack(ARGV[1]))", message),
  call("struct.size(ARGV[1])", format),
  call("struct.unpack(ARGV[1], ARGV[2])", format, bytes(60)),
  call("struct.pack(ARGV[1], unpack(ARGV, 2))", format, number, number, number, number),
  call("struct.pack(ARGV[1], unpack(ARGV, 2))", format, bytes(10), number, bytes(10)),
  call("struct.unpack(ARGV[1], struct.pack(ARGV[1], unpack(ARGV, 2)))", format, number, bytes(5), number),
  fc
    .tuple(fc.constantFrom(...bitNames), fc.array(number, { maxLength: 3 }))
    .map(([name, args]): ScriptCall => [showing(`bit.${name}(unpack(ARGV))`), ...args]),
);
