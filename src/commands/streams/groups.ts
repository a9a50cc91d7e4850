import { CommandError } from "../../errors.ts";
import type { Database } from "../../keyspace/database.ts";
import type { Stream } from "../../keyspace/stream.ts";
import { StreamEdit } from "../../keyspace/stream/edit.ts";
import { GroupEdit, createGroup } from "../../keyspace/stream/group-edit.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import { int64Argument, optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { helpReply, wrongSubcommandUse } from "../help.ts";
import { keyAt } from "../key-spec.ts";
import { anyIdArgument, idArgument, noSuchGroup } from "./arguments.ts";

/** XGROUP: consumer groups and their consumers. */
export const GROUP_ROWS = {
  xgroup: {
    arity: -2,
    flags: [],
    doc: {
      summary: "A container for consumer groups commands",
      since: "5.0.0",
      complexity: "Depends on subcommand.",
    },
    subcommands: {
      create: {
        arity: -5,
        flags: ["write", "denyoom"],
        keys: [keyAt(2, "RW", "insert")],
        doc: {
          summary: "Create a consumer group.",
          since: "5.0.0",
          complexity: "O(1)",
          history: [["7.0.0", "Added the `entries_read` named argument."]],
          syntax: 'key groupname id:(id | new_id:"$") [MKSTREAM] [ENTRIESREAD entries_read:integer]',
        },
        run: xgroupCreate,
      },
      createconsumer: {
        arity: 5,
        hidesChanges: true,
        flags: ["write", "denyoom"],
        keys: [keyAt(2, "RW", "insert")],
        doc: {
          summary: "Create a consumer in a consumer group.",
          since: "6.2.0",
          complexity: "O(1)",
          syntax: "key groupname consumername",
        },
        run: xgroupCreateconsumer,
      },
      delconsumer: {
        arity: 5,
        hidesChanges: true,
        flags: ["write"],
        keys: [keyAt(2, "RW", "delete")],
        doc: {
          summary: "Delete a consumer from a consumer group.",
          since: "5.0.0",
          complexity: "O(1)",
          syntax: "key groupname consumername",
        },
        run: xgroupDelconsumer,
      },
      destroy: {
        arity: 4,
        hidesChanges: true,
        flags: ["write"],
        keys: [keyAt(2, "RW", "delete")],
        doc: {
          summary: "Destroy a consumer group.",
          since: "5.0.0",
          complexity: "O(N) where N is the number of entries in the group's pending entries list (PEL).",
          syntax: "key groupname",
        },
        run: xgroupDestroy,
      },
      help: {
        arity: 2,
        flags: ["loading", "stale"],
        doc: {
          summary: "Show helpful text about the different subcommands",
          since: "5.0.0",
          complexity: "O(1)",
        },
        run: xgroupHelp,
      },
      setid: {
        arity: -5,
        hidesChanges: true,
        flags: ["write"],
        keys: [keyAt(2, "RW", "update")],
        doc: {
          summary: "Set a consumer group to an arbitrary last delivered ID value.",
          since: "5.0.0",
          complexity: "O(1)",
          history: [["7.0.0", "Added the optional `entries_read` argument."]],
          syntax: 'key groupname id:(id | new_id:"$") [ENTRIESREAD entries_read:integer]',
        },
        run: xgroupSetid,
      },
    },
  },
} satisfies Record<string, CommandRow>;

const NO_KEY = new CommandError(
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option " +
    "to create an empty stream automatically.",
);
const BUSY_GROUP = new CommandError("BUSYGROUP Consumer Group name already exists");
const BAD_ENTRIES_READ = new CommandError("ERR value for ENTRIESREAD must be positive or -1");

interface GroupOptions {
  readonly mkstream: boolean;
  /** Null: not known. */
  readonly entriesRead: Int64 | null;
}

function groupOptions(args: readonly Bytes[], takesMkstream: boolean): GroupOptions {
  let mkstream = false;
  let entriesRead: Int64 | null = null;
  for (let at = 5; at < args.length; at++) {
    const word = optionWord(args[at]!);
    if (takesMkstream && word === "MKSTREAM") {
      mkstream = true;
    } else if (word === "ENTRIESREAD" && at + 1 < args.length) {
      const value = int64Argument(args[++at]!);
      if (value < -1) throw BAD_ENTRIES_READ;
      entriesRead = value === -1 ? null : value;
    } else {
      throw wrongSubcommandUse(args);
    }
  }
  return { mkstream, entriesRead };
}

function streamOf(db: Database, key: Bytes): Stream {
  const stream = db.stream(key);
  if (stream === null) throw NO_KEY;
  return stream;
}

function groupOf(edit: StreamEdit, args: readonly Bytes[]): GroupEdit {
  const group = GroupEdit.of(edit, args[3]!);
  if (group === null) throw noSuchGroup(args[2]!, args[3]!);
  return group;
}

function xgroupCreate({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const key = args[2]!;
  const { mkstream, entriesRead } = groupOptions(args, true);
  const stream = mkstream ? db.streamToWrite(key) : streamOf(db, key);
  if (args.length > 8) throw wrongSubcommandUse(args);
  const edit = new StreamEdit(stream);
  const id = args[4] === "$" ? stream.header.lastId : idArgument(args[4]!);
  if (!createGroup(edit, args[3]!, id, entriesRead)) throw BUSY_GROUP;
  // A new group is no change to be seen; a new stream is.
  keyspace.hidesChanges = db.peek(key) !== null;
  edit.apply();
  db.event("stream", "xgroup-create", key);
  return OK;
}

function xgroupSetid({ db }: Context, args: readonly Bytes[]): Reply {
  const key = args[2]!;
  const { entriesRead } = groupOptions(args, false);
  const stream = streamOf(db, key);
  const edit = new StreamEdit(stream);
  const group = groupOf(edit, args);
  if (args.length > 7) throw wrongSubcommandUse(args);
  const lastId = args[4] === "$" ? stream.header.lastId : anyIdArgument(args[4]!);
  group.update({ lastId, entriesRead });
  edit.apply();
  db.event("stream", "xgroup-setid", key);
  return OK;
}

function xgroupDestroy({ db }: Context, args: readonly Bytes[]): Reply {
  const key = args[2]!;
  const edit = new StreamEdit(streamOf(db, key));
  const group = GroupEdit.of(edit, args[3]!);
  if (group === null) return 0;
  group.destroy();
  edit.apply();
  db.event("stream", "xgroup-destroy", key);
  return 1;
}

function xgroupCreateconsumer({ db, nowMs }: Context, args: readonly Bytes[]): Reply {
  const key = args[2]!;
  const edit = new StreamEdit(streamOf(db, key));
  const group = groupOf(edit, args);
  if (group.consumer(args[4]!) !== null) return 0;
  group.see(args[4]!, nowMs);
  edit.apply();
  db.event("stream", "xgroup-createconsumer", key);
  return 1;
}

function xgroupDelconsumer({ db }: Context, args: readonly Bytes[]): Reply {
  const key = args[2]!;
  const edit = new StreamEdit(streamOf(db, key));
  const pending = groupOf(edit, args).deleteConsumer(args[4]!);
  if (pending === null) return 0;
  edit.apply();
  db.event("stream", "xgroup-delconsumer", key);
  return pending;
}

function xgroupHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
  ]);
}
