import type { Reply } from "../resp/reply.ts";
import { MapReply, SetReply, Status } from "../resp/reply.ts";
import type { Argument } from "./doc.ts";
import type { KeyFlag, KeySpec } from "./key-spec.ts";
import type { Command } from "./registered-command.ts";

/** What COMMAND INFO answers for one command: an array of ten (https://redis.io/docs/latest/commands/command/). */
export function infoReply(command: Command): Reply {
  const { first, last, step } = command.legacyKeyRange;
  const subcommands = [...command.subcommands.values()].map(infoReply);
  return [
    command.fullName,
    command.row.arity,
    statuses(command.flagNames),
    first,
    last,
    step,
    statuses(command.categories.map((category) => `@${category}`)),
    new SetReply(command.row.tips ?? []),
    new SetReply((command.row.keys ?? []).map(keySpecReply)),
    subcommands.length > 0 ? subcommands : new SetReply([]),
  ];
}

/** What COMMAND DOCS answers for one command; parts that do not apply are left out. */
export function docsReply(command: Command): Reply {
  const { doc } = command.row;
  const flat: Reply[] = ["summary", doc.summary, "since", doc.since, "group", command.group];
  if (doc.complexity !== undefined) flat.push("complexity", doc.complexity);
  const docFlags = [];
  if (doc.deprecated !== undefined) docFlags.push("deprecated");
  if (doc.isInternal) docFlags.push("syscmd");
  if (docFlags.length > 0) flat.push("doc_flags", statuses(docFlags));
  if (doc.deprecated !== undefined) {
    flat.push("deprecated_since", doc.deprecated.since, "replaced_by", doc.deprecated.replacedBy);
  }
  if (doc.history !== undefined) flat.push("history", new SetReply(doc.history));
  if (command.arguments.length > 0) flat.push("arguments", command.arguments.map(argumentReply));
  if (command.subcommands.size > 0) {
    const subcommands = [...command.subcommands.values()];
    flat.push("subcommands", new MapReply(subcommands.flatMap((sub) => [sub.fullName, docsReply(sub)])));
  }
  return new MapReply(flat);
}

/** `RO access`: what COMMAND INFO and COMMAND GETKEYSANDFLAGS tell about a key. */
export function keyFlagsReply(flags: readonly KeyFlag[]): Reply {
  return statuses(flags);
}

function argumentReply(argument: Argument): Reply {
  const flat: Reply[] = ["name", argument.name, "type", argument.type];
  if (argument.keySpec !== undefined) flat.push("key_spec_index", argument.keySpec);
  if (argument.token !== undefined) flat.push("token", argument.token);
  if (argument.since !== undefined) flat.push("since", argument.since);
  if (argument.deprecatedSince !== undefined) flat.push("deprecated_since", argument.deprecatedSince);
  const flags = [];
  if (argument.isOptional) flags.push("optional");
  if (argument.isRepeated) flags.push("multiple");
  if (argument.isTokenRepeated) flags.push("multiple_token");
  if (flags.length > 0) flat.push("flags", statuses(flags));
  if (argument.parts.length > 0) flat.push("arguments", argument.parts.map(argumentReply));
  return new MapReply(flat);
}

function keySpecReply(spec: KeySpec): Reply {
  const { begin, find } = spec;
  const flat: Reply[] = spec.notes === undefined ? [] : ["notes", spec.notes];
  flat.push("flags", keyFlagsReply(spec.flags), "begin_search");
  if (begin === "unknown") flat.push(step("unknown", []));
  else if ("index" in begin) flat.push(step("index", ["index", begin.index]));
  else flat.push(step("keyword", ["keyword", begin.keyword, "startfrom", begin.startFrom]));
  flat.push("find_keys");
  if (find === "unknown") flat.push(step("unknown", []));
  else if ("keyNum" in find) {
    flat.push(step("keynum", ["keynumidx", find.keyNum, "firstkey", find.firstKey, "keystep", find.step]));
  } else {
    flat.push(step("range", ["lastkey", find.lastKey, "keystep", find.step, "limit", find.limit]));
  }
  return new MapReply(flat);
}

function step(type: string, spec: readonly Reply[]): Reply {
  return new MapReply(["type", type, "spec", new MapReply(spec)]);
}

function statuses(names: readonly string[]): Reply {
  return new SetReply(names.map((name) => new Status(name)));
}
