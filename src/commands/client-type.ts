import { CommandError } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import type { ClientType } from "./host.ts";

const TYPES: Readonly<Record<string, ClientType>> = {
  normal: "normal",
  slave: "replica",
  replica: "replica",
  pubsub: "pubsub",
  master: "master",
};

/** `SLAVE` ⇒ `replica`. @throws CommandError for an unknown one */
export function clientType(name: Bytes): ClientType {
  const lower = name.toLowerCase();
  if (!Object.hasOwn(TYPES, lower)) throw new CommandError(`ERR Unknown client type '${name}'`);
  return TYPES[lower]!;
}
