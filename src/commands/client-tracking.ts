import { CommandError, SYNTAX } from "../errors.ts";
import { MapReply, OK, type Reply, SetReply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { ClientTracking, TrackingMode, TrackingOptions } from "../tracking/client-tracking.ts";
import { integerArgument } from "./arguments.ts";
import type { CommandRow, Context } from "./command.ts";

/** The subcommands of CLIENT that are about caches on the client's side. */
export const TRACKING_SUBCOMMANDS: Readonly<Record<string, CommandRow>> = {
  caching: {
    arity: 3,
    flags: ["noscript", "loading", "stale"],
    doc: {
      summary: "Instruct the server about tracking or not keys in the next request",
      since: "6.0.0",
      complexity: "O(1)",
      syntax: "mode:(YES | NO)",
    },
    run: caching,
  },
  getredir: {
    arity: 2,
    flags: ["noscript", "loading", "stale"],
    doc: {
      summary: "Get tracking notifications redirection client ID if any",
      since: "6.0.0",
      complexity: "O(1)",
    },
    run: getRedirection,
  },
  tracking: {
    arity: -3,
    flags: ["noscript", "loading", "stale"],
    doc: {
      summary: "Enable or disable server assisted client side caching support",
      since: "6.0.0",
      complexity: "O(1). Some options may introduce additional complexity.",
      syntax:
        "status:(ON | OFF) [REDIRECT client-id:integer] [PREFIX prefix]... [BCAST] " +
        "[OPTIN] [OPTOUT] [NOLOOP]",
    },
    run: tracking,
  },
  trackinginfo: {
    arity: 2,
    flags: ["noscript", "loading", "stale"],
    doc: {
      summary: "Return information about server assisted client side caching for the current connection",
      since: "6.2.0",
      complexity: "O(1)",
    },
    run: trackingInfo,
  },
};

function caching(context: Context, args: readonly Bytes[]): Reply {
  const state = context.client.tracking;
  if (state === null) {
    throw new CommandError(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
    );
  }
  const answer = args[2]!.toLowerCase();
  if (answer !== "yes" && answer !== "no") throw SYNTAX;
  const mode = answer === "yes" ? "optin" : "optout";
  if (state.mode !== mode) {
    throw new CommandError(
      `ERR CLIENT CACHING ${answer.toUpperCase()} is only valid when tracking is enabled in ${mode.toUpperCase()} mode.`,
    );
  }
  const before = state.isCaching;
  takeBackWithTransaction(context, () => (state.isCaching = before));
  state.isCaching = true;
  return OK;
}

function getRedirection({ client }: Context): Reply {
  return client.tracking?.redirectTo ?? -1;
}

function tracking(context: Context, args: readonly Bytes[]): Reply {
  const { client, server } = context;
  const options = parseOptions(context, args.slice(3));
  const status = args[2]!.toLowerCase();
  if (status !== "on" && status !== "off") throw SYNTAX;
  const before = client.tracking;
  if (status === "on") checkOptions(options, before);
  takeBackWithTransaction(context, () => server.tracking.put(client, before));
  if (status === "on") server.tracking.enable(client, { ...options, mode: modeOf(options) });
  else server.tracking.disable(client);
  return OK;
}

interface GivenOptions extends Omit<TrackingOptions, "mode"> {
  readonly modes: ReadonlySet<TrackingMode>;
}

function parseOptions({ server }: Context, words: readonly Bytes[]): GivenOptions {
  const modes = new Set<TrackingMode>();
  const prefixes: Bytes[] = [];
  let redirectTo = 0;
  let isNoLoop = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!.toLowerCase();
    const hasValue = i + 1 < words.length;
    if (word === "redirect" && hasValue) {
      if (redirectTo !== 0) throw new CommandError("ERR A client can only redirect to a single other client");
      redirectTo = integerArgument(words[++i]!);
      if (server.clients.byId(redirectTo) === undefined) {
        throw new CommandError("ERR The client ID you want redirect to does not exist");
      }
    } else if (word === "prefix" && hasValue) prefixes.push(words[++i]!);
    else if (word === "noloop") isNoLoop = true;
    else if (word === "bcast") modes.add("broadcast");
    else if (word === "optin" || word === "optout") modes.add(word);
    else throw SYNTAX;
  }
  return { modes, prefixes, redirectTo, isNoLoop };
}

/** In Redis' order, which decides about the error. */
function checkOptions({ modes, prefixes }: GivenOptions, before: ClientTracking | null): void {
  const isBroadcast = modes.has("broadcast");
  if (!isBroadcast && prefixes.length > 0) {
    throw new CommandError("ERR PREFIX option requires BCAST mode to be enabled");
  }
  if (before !== null && isBroadcast !== (before.mode === "broadcast"))
    throw cannotSwitch("BCAST mode on/off");
  if (isBroadcast && modes.size > 1) {
    throw new CommandError("ERR OPTIN and OPTOUT are not compatible with BCAST");
  }
  if (modes.size > 1) throw new CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode");
  if (
    (modes.has("optin") && before?.mode === "optout") ||
    (modes.has("optout") && before?.mode === "optin")
  ) {
    throw cannotSwitch("OPTIN/OPTOUT mode");
  }
  if (isBroadcast) checkPrefixes(prefixes, before?.prefixes ?? []);
}

function cannotSwitch(what: string): CommandError {
  return new CommandError(
    `ERR You can't switch ${what} before disabling tracking for this client, and then re-enabling it with a different mode.`,
  );
}

/** A client would hear twice of keys that two of its prefixes take. */
function checkPrefixes(prefixes: readonly Bytes[], existing: readonly Bytes[]): void {
  prefixes.forEach((prefix, i) => {
    // In byte order, as Redis walks over them.
    const taken = [...existing].sort().find((other) => overlap(prefix, other));
    if (taken !== undefined) throw overlapping(prefix, "an existing", taken);
    const other = prefixes.slice(i + 1).find((later) => overlap(prefix, later));
    if (other !== undefined) throw overlapping(prefix, "another provided", other);
  });
}

function overlap(a: Bytes, b: Bytes): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function overlapping(prefix: Bytes, which: string, other: Bytes): CommandError {
  return new CommandError(
    `ERR Prefix '${prefix}' overlaps with ${which} prefix '${other}'. Prefixes for a single client must not overlap.`,
  );
}

function modeOf({ modes }: GivenOptions): TrackingMode {
  const [mode = "default"] = modes;
  return mode;
}

function trackingInfo({ client }: Context): Reply {
  const state = client.tracking;
  return new MapReply([
    "flags",
    new SetReply(flagsOf(state)),
    "redirect",
    state?.redirectTo ?? -1,
    "prefixes",
    [...(state?.prefixes ?? [])].sort(),
  ]);
}

function flagsOf(state: ClientTracking | null): string[] {
  if (state === null) return ["off"];
  const { mode, isCaching, isNoLoop, isBroken } = state;
  const flags = ["on"];
  if (mode === "broadcast") flags.push("bcast");
  else if (mode !== "default") {
    flags.push(mode);
    if (isCaching) flags.push(mode === "optin" ? "caching-yes" : "caching-no");
  }
  if (isNoLoop) flags.push("noloop");
  if (isBroken) flags.push("broken_redirect");
  return flags;
}

/** In a transaction the commands behind this one may fault, and then it runs again. */
function takeBackWithTransaction({ keyspace }: Context, step: () => void): void {
  keyspace.reading.attempt.undo?.add(step);
}
