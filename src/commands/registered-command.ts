import { wrongArity } from "../errors.ts";
import type { LatencyHistogram } from "../metrics/latency-histogram.ts";
import type { Bytes } from "../support/bytes.ts";
import { CATEGORIES, COMMAND_FLAGS } from "./command.ts";
import type { Category, CommandFlag, CommandRow, Handler } from "./command.ts";
import { parseSyntax } from "./doc.ts";
import type { Argument } from "./doc.ts";
import { keyPositions } from "./key-spec.ts";
import type { KeyReference, KeySpec } from "./key-spec.ts";

/** What INFO commandstats tells of one command. */
export interface CommandStatistics {
  /** Times it ran. */
  calls: number;
  /** Microseconds in all. */
  usec: number;
  /** Turned away before it ran: arity, state, access. */
  rejected: number;
  /** Ran and answered an error. */
  failed: number;
  /** How long its calls took; null before the first that was tracked. */
  latency: LatencyHistogram | null;
}

/** A row of the command table with all that derives from it, worked out once at the start. */
export class Command {
  /** `get`, `config|get`. */
  readonly fullName: string;
  readonly row: CommandRow;
  /** COMMAND DOCS' group. */
  readonly group: string;
  /** The handler; undefined for a container that does nothing without a subcommand. */
  readonly run: Handler | undefined;
  /** In the order in which Redis tells them. */
  readonly categories: readonly Category[];
  /** The flags that COMMAND INFO tells, in its order. */
  readonly flagNames: readonly string[];
  /** By lower-case name, without the container's. */
  readonly subcommands: ReadonlyMap<string, Command>;
  readonly statistics: CommandStatistics = { calls: 0, usec: 0, rejected: 0, failed: 0, latency: null };

  readonly isWrite: boolean;
  /** It runs other commands as a part of itself, and can be taken back with all of them. */
  readonly runsOthers: boolean;
  readonly hidesChanges: boolean;
  readonly isReadonly: boolean;
  /** Does something that replicas have to do as well, though it is no write: PFCOUNT, PUBLISH. */
  readonly mayReplicate: boolean;
  /** Refused while memory is over its limit. */
  readonly isDenyOom: boolean;
  readonly isFast: boolean;
  /** Allowed before AUTH. */
  readonly isNoAuth: boolean;
  readonly isNoScript: boolean;
  readonly isNoMulti: boolean;
  readonly isBlocking: boolean;
  readonly isAdmin: boolean;
  /** Only for those whom `enable-debug-command` or `enable-module-command` names. */
  readonly isProtected: boolean;
  /** Allowed while the data is being loaded. */
  readonly isLoading: boolean;
  /** Refused while other data is being loaded beside the live one. */
  readonly isNoAsyncLoading: boolean;
  /** Allowed on a replica that lost its master. */
  readonly isStale: boolean;
  readonly isAllowedBusy: boolean;
  readonly isSkippedByMonitor: boolean;
  readonly isSkippedBySlowlog: boolean;
  /** The key specifications alone do not tell every key. */
  readonly hasMovableKeys: boolean;
  /** At least one argument is, or can be, a key. */
  readonly hasKeys: boolean;
  /** First and last key and the step between, zeros where no plain range tells: COMMAND INFO's oldest fields. */
  readonly legacyKeyRange: { readonly first: number; readonly last: number; readonly step: number };

  readonly #arity: number;
  readonly #isOneKeyFirst: boolean;
  #arguments: readonly Argument[] | undefined;

  constructor(fullName: string, row: CommandRow, group: string) {
    const has = (flag: CommandFlag): boolean => row.flags.includes(flag);
    this.fullName = fullName;
    this.row = row;
    this.group = group;
    this.run = row.run;
    this.#arity = row.arity;
    this.subcommands = new Map(
      Object.entries(row.subcommands ?? {}).map(([name, sub]) => [
        name,
        new Command(`${fullName}|${name}`, sub, group),
      ]),
    );
    this.isWrite = has("write");
    this.runsOthers = row.runsOthers === true;
    this.hidesChanges = row.hidesChanges === true;
    this.isReadonly = has("readonly");
    this.mayReplicate = has("may_replicate");
    this.isDenyOom = has("denyoom");
    this.isFast = has("fast");
    this.isNoAuth = has("no_auth");
    this.isNoScript = has("noscript");
    this.isNoMulti = has("no_multi");
    this.isBlocking = has("blocking");
    this.isAdmin = has("admin");
    this.isProtected = has("protected");
    this.isLoading = has("loading");
    this.isNoAsyncLoading = has("no_async_loading");
    this.isStale = has("stale");
    this.isAllowedBusy = has("allow_busy");
    this.isSkippedByMonitor = has("skip_monitor");
    this.isSkippedBySlowlog = has("skip_slowlog");
    const specs = row.keys ?? [];
    const { range, isWhole } = legacyRange(specs);
    this.legacyKeyRange = range;
    this.hasMovableKeys = specs.length > 0 && !isWhole;
    this.hasKeys = row.findKeys !== undefined || specs.some((spec) => !spec.flags.includes("not_key"));
    this.#isOneKeyFirst =
      specs.length === 1 && range.first === 1 && range.last === 1 && this.hasKeys && !this.hasMovableKeys;
    this.categories = categoriesOf(row, group);
    this.flagNames = flagNamesOf(row, this.hasMovableKeys);
  }

  /** The arguments as COMMAND DOCS tells them; a container's are its subcommands'. */
  get arguments(): readonly Argument[] {
    this.#arguments ??= parseSyntax(this.row.doc.syntax ?? "");
    return this.#arguments;
  }

  /** Whether `count` arguments, the name included, are as many as the row allows. */
  hasArity(count: number): boolean {
    const arity = this.#arity;
    return arity >= 0 ? count === arity : count >= -arity;
  }

  /** Throws the error that a wrong number of arguments (the name included) is answered with. */
  checkArity(count: number): void {
    if (!this.hasArity(count)) throw wrongArity(this.fullName);
  }

  /**
   * The keys among the arguments of a call (`args[0]` is the name), with what the command does to them.
   * Empty if there are none, or if the arguments do not fit: the handler will say so.
   */
  keysOf(args: readonly Bytes[]): readonly KeyReference[] {
    const { keys = [], findKeys } = this.row;
    const isReliable = findKeys === undefined || !keys.some((spec) => spec.flags.includes("variable_flags"));
    const found: KeyReference[] = [];
    for (const spec of isReliable ? keys : []) {
      if (spec.flags.includes("not_key")) continue;
      const positions = keyPositions(spec, args);
      if (positions === undefined) return findKeys?.(args) ?? [];
      for (const position of positions) found.push({ position, flags: spec.flags });
    }
    return isReliable ? found : findKeys(args);
  }

  /** Where the keys of a call stand: what is to be fetched ahead. Empty like `keysOf`. */
  keyPositionsOf(args: readonly Bytes[]): readonly number[] {
    if (this.#isOneKeyFirst) return args.length > 1 ? ONLY_FIRST : NONE;
    if (!this.hasKeys) return NONE;
    return this.keysOf(args).map((key) => key.position);
  }
}

const NONE: readonly number[] = [];
const ONLY_FIRST: readonly number[] = [1];

/**
 * One plain range that stands for the specifications, as clients of Redis before 7.0 know it; `isWhole` if
 * it tells every key. Specifications that are not ranges next to each other are left out of it.
 */
function legacyRange(specs: readonly KeySpec[]): {
  range: { first: number; last: number; step: number };
  isWhole: boolean;
} {
  let range = { first: 0, last: 0, step: 0 };
  let isWhole = true;
  for (const { begin, find, flags } of specs) {
    if (flags.includes("incomplete")) isWhole = false;
    const isRange = begin !== "unknown" && "index" in begin && find !== "unknown" && "lastKey" in find;
    const isNext = isRange && (range.first === 0 || range.last === begin.index - 1);
    if (!isRange || (specs.length > 1 && (!isNext || find.step !== 1))) {
      isWhole = false;
      continue;
    }
    const last = find.lastKey < 0 ? find.lastKey : begin.index + find.lastKey;
    range = { first: range.first === 0 ? begin.index : range.first, last, step: find.step };
  }
  return { range, isWhole: isWhole && range.first > 0 };
}

/** The category that every command of a group is in unless its row tells others. */
const CATEGORY_OF_GROUP: Readonly<Record<string, Category>> = {
  generic: "keyspace",
  string: "string",
  list: "list",
  set: "set",
  "sorted-set": "sortedset",
  hash: "hash",
  pubsub: "pubsub",
  transactions: "transaction",
  connection: "connection",
  scripting: "scripting",
  hyperloglog: "hyperloglog",
  geo: "geo",
  stream: "stream",
  bitmap: "bitmap",
};

function categoriesOf(row: CommandRow, group: string): Category[] {
  const has = (flag: CommandFlag): boolean => row.flags.includes(flag);
  const categories = new Set<Category>();
  const ofGroup = CATEGORY_OF_GROUP[group];
  if (row.categories !== undefined) row.categories.forEach((category) => categories.add(category));
  else if (ofGroup !== undefined && row.subcommands === undefined) categories.add(ofGroup);
  if (has("write")) categories.add("write");
  // A read-only script can still do anything that does not write: Redis keeps it out of @read.
  if (has("readonly") && !categories.has("scripting")) categories.add("read");
  if (has("admin")) categories.add("admin").add("dangerous");
  if (has("pubsub")) categories.add("pubsub");
  if (has("blocking")) categories.add("blocking");
  categories.add(has("fast") ? "fast" : "slow");
  return CATEGORIES.filter((category) => categories.has(category));
}

/** Redis keeps these two to itself. */
const HIDDEN_FLAGS: readonly CommandFlag[] = ["may_replicate", "protected"];

function flagNamesOf(row: CommandRow, hasMovableKeys: boolean): string[] {
  const names: string[] = COMMAND_FLAGS.filter(
    (flag) => row.flags.includes(flag) && !HIDDEN_FLAGS.includes(flag),
  );
  if (hasMovableKeys) names.splice(names.includes("allow_busy") ? -1 : names.length, 0, "movablekeys");
  return names;
}
