import { CommandError, SYNTAX } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import { clientType } from "./client-type.ts";
import type { Client, ClientType } from "./host.ts";
import { DEFAULT_USER } from "./log-in.ts";

/** Which clients CLIENT KILL means: those that all given filters fit. */
export interface KillFilter {
  id?: number;
  address?: Bytes;
  localAddress?: Bytes;
  type?: ClientType;
  user?: Bytes;
  skipMe: boolean;
}

/** `CLIENT KILL addr`, which may mean the caller, or `CLIENT KILL option value …`. */
export function parseKillFilter(args: readonly Bytes[]): KillFilter {
  if (args.length === 3) return { address: args[2]!, skipMe: false };
  const filter: KillFilter = { skipMe: true };
  for (let i = 2; i < args.length; i += 2) {
    const value = args[i + 1];
    if (value === undefined) throw SYNTAX;
    setOption(filter, args[i]!.toLowerCase(), value);
  }
  return filter;
}

function setOption(filter: KillFilter, option: string, value: Bytes): void {
  switch (option) {
    case "id": {
      const id = parseInteger(value);
      if (id === null || id < 1) throw new CommandError("ERR client-id should be greater than 0");
      filter.id = Number(id);
      break;
    }
    case "type":
      filter.type = clientType(value);
      break;
    case "addr":
      filter.address = value;
      break;
    case "laddr":
      filter.localAddress = value;
      break;
    case "user":
      if (value !== DEFAULT_USER) throw new CommandError(`ERR No such user '${value}'`);
      filter.user = value;
      break;
    case "skipme": {
      const answer = value.toLowerCase();
      if (answer !== "yes" && answer !== "no") throw SYNTAX;
      filter.skipMe = answer === "yes";
      break;
    }
    default:
      throw SYNTAX;
  }
}

export function isKilledBy(filter: KillFilter, client: Client, caller: Client): boolean {
  return (
    (filter.id === undefined || client.id === filter.id) &&
    (filter.address === undefined || client.address === filter.address) &&
    (filter.localAddress === undefined || client.localAddress === filter.localAddress) &&
    (filter.type === undefined || client.type === filter.type) &&
    (filter.user === undefined || client.user === filter.user) &&
    !(filter.skipMe && client === caller)
  );
}
