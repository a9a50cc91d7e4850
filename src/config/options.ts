import type { Bytes } from "../support/bytes.ts";
import type { Option } from "./option.ts";
import { COLLECTIONS } from "./options/collections.ts";
import { MEMORY } from "./options/memory.ts";
import { NETWORK } from "./options/network.ts";
import { PERSISTENCE } from "./options/persistence.ts";
import { PROCESS } from "./options/process.ts";
import { REPLICATION } from "./options/replication.ts";
import { SCRIPTING } from "./options/scripting.ts";
import { STORAGE } from "./options/storage.ts";
import { TLS } from "./options/tls.ts";

/**
 * The one table of options. The command line, the config file, the environment, CONFIG, --help and the
 * table in docs/compatibility.md all follow from it.
 *
 * It knows every directive of redis.conf 7.0, so that a file written for Redis can be used as it is: what
 * leveldis does anyway is accepted, what it cannot do is refused, and each row says why.
 */
export const OPTIONS = {
  ...NETWORK,
  ...STORAGE,
  ...COLLECTIONS,
  ...PROCESS,
  ...SCRIPTING,
  ...PERSISTENCE,
  ...MEMORY,
  ...REPLICATION,
  ...TLS,
} as const;

/** The groups, as --help and the docs show them. */
export const TOPICS: readonly (readonly [title: string, names: readonly OptionName[]])[] = [
  ["Network and clients", namesOf(NETWORK)],
  ["Data", namesOf(STORAGE)],
  ["Small collections", namesOf(COLLECTIONS)],
  ["Process", namesOf(PROCESS)],
  ["Scripts and functions", namesOf(SCRIPTING)],
  ["Snapshots and logs", namesOf(PERSISTENCE)],
  ["Memory", namesOf(MEMORY)],
  ["Replication and cluster", namesOf(REPLICATION)],
  ["TLS", namesOf(TLS)],
];

export type OptionName = keyof typeof OPTIONS;

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;
type ValueOf<Row> = Row extends Option<infer T> ? T : never;

/** The value of every option under its camel-case name: `hashMaxListpackEntries`. */
export type Values = { -readonly [Name in OptionName as CamelCase<Name>]: ValueOf<(typeof OPTIONS)[Name]> };
export type ValueName = keyof Values;

/** An option as one of its names refers to it. */
export interface NamedOption {
  /** The spelling that was asked for, in lower case. */
  readonly name: string;
  readonly primaryName: OptionName;
  readonly valueName: ValueName;
  readonly option: Option;
}

const BY_NAME: ReadonlyMap<string, NamedOption> = new Map(
  Object.entries(OPTIONS).flatMap(([primaryName, row]) => {
    const option: Option = row;
    return [primaryName, ...option.aliases].map((name): [string, NamedOption] => [
      name,
      {
        name,
        primaryName: primaryName as OptionName,
        valueName: camelCase(primaryName) as ValueName,
        option,
      },
    ]);
  }),
);

/** Names and aliases, an alias behind its name. */
export function allOptions(): Iterable<NamedOption> {
  return BY_NAME.values();
}

/** By name or alias, in any case. */
export function findOption(name: Bytes): NamedOption | undefined {
  return BY_NAME.get(name.toLowerCase());
}

export function initialValues(): Values {
  const values: Record<string, unknown> = {};
  for (const { valueName, option } of BY_NAME.values()) values[valueName] = option.initial;
  return values as unknown as Values;
}

export function setValue(values: Values, name: ValueName, value: unknown): void {
  (values as Record<ValueName, unknown>)[name] = value;
}

/** `hash-max-listpack-value` ⇒ `hashMaxListpackValue` */
export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function namesOf<Row extends object>(rows: Row): readonly (keyof Row & OptionName)[] {
  return Object.keys(rows) as (keyof Row & OptionName)[];
}
