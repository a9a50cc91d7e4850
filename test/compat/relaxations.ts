import { exact, type Exact } from "../support/exact.ts";

/**
 * How far two replies may differ. Everything is compared byte for byte unless a command's reply has a part that
 * Redis itself does not fix:
 *
 * - `unordered`: the elements of the array, set or map, in any order;
 * - `unordered pairs`: the same of an array that holds pairs one after the other (maps, in RESP2);
 * - `same size`: as many elements (a LIMIT over an unordered set);
 * - `random members`: as many elements, each of which must be in the collection (see pair.ts);
 * - `scan loop`: what a whole iteration collects, as a set (see pair.ts);
 * - `payload`: what RESTORE of the other server's makes the same value of (see pair.ts);
 * - `seconds within`, `ms within`: times two seconds apart at the most;
 * - `times inside`: numbers anywhere in the reply within two seconds, or two thousand;
 * - `same type`: replies of one type (sizes in memory, texts about the process);
 * - `error code only`: the first word of an error;
 * - `int for embstr`: encodings. Redis keeps what INCRBYFLOAT made as text until it loads it again, even if it is
 *   a whole number;
 * - `listpack for skiplist`: the same, and Redis unpacks a sorted set that SORT read.
 */
export type Relaxation =
  | "exact"
  | "unordered"
  | "unordered pairs"
  | "same size"
  | "random members"
  | "scan loop"
  | "payload"
  | "seconds within"
  | "ms within"
  | "times inside"
  | "same type"
  | "error code only"
  | "int for embstr"
  | "listpack for skiplist";

type Rule = Relaxation | ((args: readonly string[], resp: 2 | 3) => Relaxation);

const pairsInResp2: Rule = (_, resp) => (resp === 2 ? "unordered pairs" : "unordered");

/** By command, where it is not `exact`. */
const rules: Readonly<Record<string, Rule>> = {
  SMEMBERS: "unordered",
  SINTER: "unordered",
  SUNION: "unordered",
  SDIFF: "unordered",
  HKEYS: "unordered",
  HVALS: "unordered",
  HGETALL: pairsInResp2,
  KEYS: "unordered",
  "CONFIG GET": pairsInResp2,
  "COMMAND LIST": "unordered",
  "COMMAND DOCS": pairsInResp2,
  SORT: sortRelaxation,
  SORT_RO: sortRelaxation,
  SPOP: "random members",
  SRANDMEMBER: "random members",
  HRANDFIELD: "random members",
  ZRANDMEMBER: "random members",
  RANDOMKEY: "random members",
  SCAN: "scan loop",
  SSCAN: "scan loop",
  HSCAN: "scan loop",
  ZSCAN: "scan loop",
  DUMP: "payload",
  TTL: "seconds within",
  PTTL: "ms within",
  EXPIRETIME: "seconds within",
  PEXPIRETIME: "ms within",
  "OBJECT IDLETIME": "seconds within",
  XPENDING: (args) => (args.length > 3 ? "times inside" : "exact"),
  "XINFO CONSUMERS": "times inside",
  "XINFO STREAM": (args) => (args.length > 3 ? "times inside" : "exact"),
  TIME: "same type",
  INFO: "same type",
  LOLWUT: "same type",
  "MEMORY USAGE": "same type",
  "CLIENT ID": "same type",
  "CLIENT INFO": "same type",
  "CLIENT LIST": "same type",
};

export function relaxationOf(command: readonly string[], resp: 2 | 3): Relaxation {
  const [name = "", sub = ""] = command.map((argument) => argument.toUpperCase());
  const rule = rules[`${name} ${sub}`] ?? rules[name] ?? "exact";
  return typeof rule === "function" ? rule(command, resp) : rule;
}

/**
 * SORT that does not sort gives a set's members in no order, and a LIMIT of them any members. Among equal weights
 * it has an order only if they are numbers.
 */
function sortRelaxation(args: readonly string[]): Relaxation {
  const words = args.map((argument) => argument.toUpperCase());
  if (!words.includes("BY")) return "exact";
  const sorts = args[words.lastIndexOf("BY") + 1]?.includes("*") ?? true;
  if (sorts && !words.includes("ALPHA")) return "exact";
  return words.includes("LIMIT") || words.includes("GET") ? "same size" : "unordered";
}

/** Why the replies are not equal enough; nothing where they are. An error reply must always be equal. */
export function difference(relaxation: Relaxation, expected: Buffer, actual: Buffer): string | undefined {
  if (expected.equals(actual)) return undefined;
  if (relaxation === "exact") return "the bytes differ";
  const [a, b] = [exact(expected), exact(actual)];
  if (relaxation === "error code only") {
    return errorCode(a) !== undefined && errorCode(a) === errorCode(b) ? undefined : "the error codes differ";
  }
  if (relaxation === "int for embstr" || relaxation === "listpack for skiplist") {
    if (a === "embstr" && b === "int") return undefined;
    const isSorted = relaxation === "listpack for skiplist" && a === "skiplist" && b === "listpack";
    return isSorted ? undefined : "the encodings differ";
  }
  if (errorCode(a) !== undefined || errorCode(b) !== undefined) return "the errors differ";
  switch (relaxation) {
    case "unordered":
      return sortedText(a, 1) === sortedText(b, 1) ? undefined : "the elements differ";
    case "unordered pairs":
      return sortedText(a, 2) === sortedText(b, 2) ? undefined : "the pairs differ";
    case "same size":
      return elementsOf(a)?.length === elementsOf(b)?.length ? undefined : "the sizes differ";
    case "random members":
      return shape(a) === shape(b) ? undefined : "the shapes differ";
    case "seconds within":
      return isClose(a, b, 2) ? undefined : "the times differ";
    case "ms within":
      return isClose(a, b, 2000) ? undefined : "the times differ";
    case "times inside":
      return areClose(a, b) ? undefined : "more than times differs";
    case "payload":
    case "same type":
      return typeOf(a) === typeOf(b) ? undefined : "the types differ";
    case "scan loop":
      throw new Error("a scan loop takes more than one reply");
  }
}

/** The elements of an aggregate, with the aggregate's own type; of anything else nothing. */
export function elementsOf(value: Exact): Exact[] | undefined {
  if (Array.isArray(value)) return value;
  if (value === null || typeof value !== "object") return undefined;
  if ("set" in value) return value.set;
  if ("map" in value) return value.map;
  return undefined;
}

function errorCode(value: Exact): string | undefined {
  if (value === null || typeof value !== "object" || !("error" in value)) return undefined;
  return value.error.split(" ", 1)[0];
}

function sortedText(value: Exact, perElement: number): string {
  const elements = elementsOf(value);
  if (elements === undefined) return JSON.stringify(value, bigints);
  const texts: string[] = [];
  for (let i = 0; i < elements.length; i += perElement) {
    texts.push(JSON.stringify(elements.slice(i, i + perElement), bigints));
  }
  return typeOf(value) + texts.toSorted().join();
}

/** `["a", ["b", 1]]` ⇒ `array(string,array(string,number))`. */
function shape(value: Exact): string {
  const elements = elementsOf(value);
  return elements === undefined ? typeOf(value) : `${typeOf(value)}(${elements.map(shape).join()})`;
}

function typeOf(value: Exact): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "object") return Object.keys(value)[0]!;
  return typeof value === "bigint" ? "number" : typeof value;
}

/** -1 and -2 stand for "no expiry" and "no key": these are never close to another. */
function isClose(a: Exact, b: Exact, tolerance: number): boolean {
  if (!isWhole(a) || !isWhole(b)) return false;
  return a >= 0 && b >= 0 && Math.abs(Number(BigInt(a) - BigInt(b))) <= tolerance;
}

function areClose(a: Exact, b: Exact): boolean {
  if (isWhole(a)) return a === b || isClose(a, b, 2000);
  const [elements, others] = [elementsOf(a), elementsOf(b)];
  if (elements === undefined || others === undefined)
    return JSON.stringify(a, bigints) === JSON.stringify(b, bigints);
  return (
    typeOf(a) === typeOf(b) &&
    elements.length === others.length &&
    elements.every((element, i) => areClose(element, others[i]!))
  );
}

function isWhole(value: Exact): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function bigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
