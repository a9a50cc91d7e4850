import { bytesOfText, textOfBytes, type Bytes } from "../support/bytes.ts";
import { formatMemorySize, parseMemorySize } from "../support/memory-size.ts";
import { quoteArg } from "../support/split-args.ts";
import { integerOf, option, type Traits } from "./option-types.ts";
import { ValueError, type Option } from "./option.ts";

/** After `seconds`, if at least `changes` happened. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export function savePoints(
  initial: readonly SavePoint[],
  traits: Traits<readonly SavePoint[]>,
): Option<readonly SavePoint[]> {
  const formatPoint = ({ seconds, changes }: SavePoint): Bytes => `${seconds} ${changes}`;
  return option<readonly SavePoint[]>(
    initial,
    {
      type: "seconds changes",
      takesWords: true,
      addsTo: "lines",
      parse(words, previous) {
        if (words.length === 1 && words[0] === "") return [];
        const numbers = words.map((word) => (/^\s*[-+]?[0-9]+$/.test(word) ? Number(word) : Number.NaN));
        const areValid = numbers.every((number, i) => number >= (i % 2 === 0 ? 1 : 0));
        if (numbers.length % 2 !== 0 || !areValid) throw new ValueError("Invalid save parameters");
        const points = [...(previous ?? [])];
        for (let i = 0; i < numbers.length; i += 2)
          points.push({ seconds: numbers[i]!, changes: numbers[i + 1]! });
        return points;
      },
      format: (points) => points.map(formatPoint).join(" "),
      lines: (points) => (points.length === 0 ? ['""'] : points.map(formatPoint)),
    },
    traits,
  );
}

/** 0 stands for "no limit". */
export interface BufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  /** How long the soft limit may be exceeded. */
  readonly softSeconds: number;
}

export interface BufferLimits {
  readonly normal: BufferLimit;
  readonly replica: BufferLimit;
  readonly pubsub: BufferLimit;
}

const CLIENT_CLASSES = ["normal", "replica", "pubsub"] as const;

export function bufferLimits(initial: BufferLimits, traits: Traits<BufferLimits>): Option<BufferLimits> {
  return option(
    initial,
    {
      type: "class hard soft seconds",
      takesWords: true,
      addsTo: "value",
      parse: (words, previous) => parseBufferLimits(words, previous ?? initial),
      format: (limits) =>
        CLIENT_CLASSES.map((name) => {
          const { hardBytes, softBytes, softSeconds } = limits[name];
          return `${name === "replica" ? "slave" : name} ${hardBytes} ${softBytes} ${softSeconds}`;
        }).join(" "),
      lines: (limits) =>
        CLIENT_CLASSES.map((name) => {
          const { hardBytes, softBytes, softSeconds } = limits[name];
          return `${name} ${formatMemorySize(hardBytes)} ${formatMemorySize(softBytes)} ${softSeconds}`;
        }),
    },
    traits,
  );
}

function parseBufferLimits(words: readonly Bytes[], previous: BufferLimits): BufferLimits {
  if (words.length % 4 !== 0) {
    throw new ValueError("Wrong number of arguments in buffer limit configuration.");
  }
  const limits = { ...previous };
  for (let i = 0; i < words.length; i += 4) {
    const given = words[i]!.toLowerCase();
    const name = CLIENT_CLASSES.find((known) => known === (given === "slave" ? "replica" : given));
    if (name === undefined)
      throw new ValueError("Invalid client class specified in buffer limit configuration.");
    const hardBytes = parseMemorySize(words[i + 1]!);
    const softBytes = parseMemorySize(words[i + 2]!);
    if (hardBytes === null || softBytes === null || !/^[0-9]+$/.test(words[i + 3]!)) {
      throw new ValueError("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    limits[name] = {
      hardBytes: Number(hardBytes),
      softBytes: Number(softBytes),
      softSeconds: Number(words[i + 3]),
    };
  }
  return limits;
}

/** In the order in which Redis prints them; `A` stands for the first ten. */
const EVENT_CLASSES = "g$lshzxetdnKEm";
const ALL_EVENTS = "g$lshzxetd";

/** Classes of keyspace events: `KEA` ⇒ `AKE`. */
export function eventClasses(initial: Bytes, traits: Traits<Bytes>): Option<Bytes> {
  return option<Bytes>(
    initial,
    {
      type: "classes",
      parse([word]) {
        const given = new Set(word!.replaceAll("A", ALL_EVENTS));
        if ([...given].some((letter) => !EVENT_CLASSES.includes(letter))) {
          throw new ValueError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
        }
        const classes = [...EVENT_CLASSES].filter((letter) => given.has(letter)).join("");
        return classes.startsWith(ALL_EVENTS) ? `A${classes.slice(ALL_EVENTS.length)}` : classes;
      },
      // Redis does not show the `n` that comes with an `A`, though it minds it.
      format: (value) => value.replace("An", "A"),
      lines: (value) => [quoteArg(value)],
    },
    traits,
  );
}

export function percentiles(
  initial: readonly number[],
  traits: Traits<readonly number[]>,
): Option<readonly number[]> {
  return option<readonly number[]>(
    initial,
    {
      type: "percentiles",
      takesWords: true,
      parse(words) {
        if (words.length === 1 && words[0] === "") return [];
        return words.map((word) => {
          const number = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/i.test(word)
            ? Number(word)
            : null;
          if (number === null) throw new ValueError("Invalid latency-tracking-info-percentiles parameters");
          if (number < 0 || number > 100) {
            throw new ValueError(
              "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
            );
          }
          return number;
        });
      },
      format: (value) => value.join(" "),
      lines: (value) => [value.length === 0 ? '""' : value.join(" ")],
    },
    traits,
  );
}

/** `name=json`: options of a storage backend. `known` says what JSON each takes; others are refused. */
export function jsonOptions(
  known: Readonly<Record<string, "boolean" | "positive integer">>,
  traits: Traits<Readonly<Record<string, unknown>>>,
): Option<Readonly<Record<string, unknown>>> {
  const entries = (value: Readonly<Record<string, unknown>>): Bytes[] =>
    Object.entries(value).map(([name, setting]) =>
      quoteArg(bytesOfText(`${name}=${JSON.stringify(setting)}`)),
    );
  return option<Readonly<Record<string, unknown>>>(
    {},
    {
      type: "name=json",
      addsTo: "lines",
      parse([word], previous) {
        if (word === "") return {};
        const [, name, json] = /^([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(word!) ?? [];
        if (name === undefined) throw new ValueError("argument must have the form NAME=JSON");
        if (!Object.hasOwn(known, name)) {
          throw new ValueError(`unknown LevelDB option ${name}: there are ${Object.keys(known).join(", ")}`);
        }
        const setting = jsonOf(name, json!);
        const isRight =
          known[name] === "boolean"
            ? typeof setting === "boolean"
            : Number.isInteger(setting) && inUint32(setting as number);
        if (!isRight) throw new ValueError(`the LevelDB option ${name} takes a ${known[name]}`);
        return { ...previous, [name]: setting };
      },
      format: (value) => entries(value).join(" "),
      lines: entries,
    },
    traits,
  );
}

function jsonOf(name: string, json: Bytes): unknown {
  try {
    return JSON.parse(textOfBytes(json));
  } catch (cause) {
    throw new ValueError(`the value of ${name} is not JSON`, { cause });
  }
}

/** classic-level takes what fits; beyond it would wrap around. */
function inUint32(value: number): boolean {
  return value >= 1 && value <= 0xffffffff;
}

export function oomScores(
  initial: readonly number[],
  traits: Traits<readonly number[]>,
): Option<readonly number[]> {
  return option<readonly number[]>(
    initial,
    {
      type: "scores",
      takesWords: true,
      parse(words) {
        if (words.length !== 3) throw new ValueError("wrong number of arguments");
        const scores = words.map((word) => (/^[-+]?[0-9]+$/.test(word) ? Number(word) : Number.NaN));
        if (!scores.every((score) => score >= -2000 && score <= 2000)) {
          throw new ValueError("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
        }
        return scores;
      },
      format: (value) => value.join(" "),
    },
    traits,
  );
}

/** `host port`, or `no one`; the empty string where there is no master. */
export function masterAddress(traits: Traits<Bytes>): Option<Bytes> {
  return option<Bytes>(
    "",
    {
      type: "host port",
      takesWords: true,
      parse(words) {
        if (words.length === 1 && words[0] === "") return "";
        if (words.length !== 2) throw new ValueError("wrong number of arguments");
        if (words.join(" ").toLowerCase() === "no one") return "";
        const port = /^[0-9]+$/.test(words[1]!) ? integerOf(words[1]!) : -1n;
        if (port < 0n || port > 65535n) throw new ValueError("Invalid master port");
        return `${words[0]} ${port}`;
      },
      format: (value) => value,
      lines: (value) => (value === "" ? [] : [value]),
    },
    traits,
  );
}
