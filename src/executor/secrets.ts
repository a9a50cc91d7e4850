import type { Command } from "../commands/registered-command.ts";
import { findOption } from "../config/options.ts";
import type { Bytes } from "../support/bytes.ts";

const HIDDEN: Bytes = "(redacted)";

/** The arguments of a call as MONITOR and the slow log may show them: without passwords. */
export function withoutSecrets(command: Command, args: readonly Bytes[]): readonly Bytes[] {
  switch (command.fullName) {
    case "auth":
      return args.length > 3 ? args : args.map((arg, at) => (at > 0 ? HIDDEN : arg));
    case "hello":
      return hideBehind(args, "auth", 2);
    case "migrate":
      return hideBehind(hideBehind(args, "auth", 1), "auth2", 2);
    case "config|set":
      return args.map((arg, at) => (at > 2 && at % 2 === 1 && isSensitive(args[at - 1]!) ? HIDDEN : arg));
    case "acl|setuser":
      return args.map((arg, at) => (at > 1 ? HIDDEN : arg));
    default:
      return args;
  }
}

function isSensitive(name: Bytes): boolean {
  return findOption(name)?.option.isSensitive ?? false;
}

function hideBehind(args: readonly Bytes[], word: string, count: number): readonly Bytes[] {
  const at = args.findIndex((arg, index) => index >= 2 && arg.toLowerCase() === word);
  if (at < 0 || at + count >= args.length) return args;
  return args.map((arg, index) => (index > at && index <= at + count ? HIDDEN : arg));
}
