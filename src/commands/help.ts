import { CommandError } from "../errors.ts";
import type { Reply } from "../resp/reply.ts";
import { Status } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";

/** Redis checks the upper bound of some subcommands in the handler, with these words. */
export function wrongSubcommandUse([name, subcommand]: readonly Bytes[]): CommandError {
  return new CommandError(
    `ERR unknown subcommand or wrong number of arguments for '${subcommand!.slice(0, 128)}'. ` +
      `Try ${name!.toUpperCase()} HELP.`,
  );
}

/**
 * What the HELP subcommand of a container answers. `name` as the client spelled it; the lines are those between
 * the first and the last that all containers share.
 */
export function helpReply(name: Bytes, lines: readonly string[]): Reply {
  const first = `${name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`;
  return [first, ...lines, "HELP", "    Prints this help."].map((line) => new Status(line));
}
