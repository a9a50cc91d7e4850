import { CommandError, NO_SUCH_KEY, SYNTAX, wrongArity } from "../../errors.ts";
import type { Propagation } from "../../keyspace/propagation.ts";
import type { Stream } from "../../keyspace/stream.ts";
import { StreamEdit } from "../../keyspace/stream/edit.ts";
import { append, deleteEntries } from "../../keyspace/stream/entries.ts";
import {
  LAST_SEQUENCE,
  MAX_ID,
  MIN_ID,
  type StreamId,
  formatId,
  idAt,
  msOf,
  nextId,
} from "../../keyspace/stream/id.ts";
import { MAX_BLOCK } from "../../keyspace/stream/node.ts";
import { trim } from "../../keyspace/stream/trim.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import { int64Argument, optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt, noted } from "../key-spec.ts";
import { idArgument, idArguments } from "./arguments.ts";
import { exactTrim } from "./propagate.ts";
import { type NewId, type TrimArguments, trimArguments } from "./trim-arguments.ts";

/** Entries come and go. */
export const ENTRY_ROWS = {
  xadd: {
    arity: -5,
    flags: ["write", "denyoom", "fast"],
    keys: [
      noted(keyAt(1, "RW", "update"), "UPDATE instead of INSERT because of the optional trimming feature"),
    ],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Appends a new entry to a stream",
      since: "5.0.0",
      complexity:
        "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
      history: [
        ["6.2.0", "Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option."],
        ["7.0.0", "Added support for the `<ms>-*` explicit ID form."],
      ],
      syntax:
        "key [NOMKSTREAM]@6.2.0 " +
        'trim:[strategy:(MAXLEN | MINID@6.2.0) operator:[equal:"=" | approximately:"~"] threshold [LIMIT count:integer]@6.2.0] ' +
        'id_or_auto:(auto_id:"*" | id) (field value)...',
    },
    run: xadd,
  },
  xlen: {
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Return the number of entries in a stream",
      since: "5.0.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: xlen,
  },
  xdel: {
    arity: -3,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary:
        "Removes the specified entries from the stream. Returns the number of items actually deleted, that may be different from the number of IDs passed in case certain IDs do not exist.",
      since: "5.0.0",
      complexity: "O(1) for each single item to delete in the stream, regardless of the stream size.",
      syntax: "key id...",
    },
    run: xdel,
  },
  xtrim: {
    arity: -4,
    flags: ["write"],
    keys: [keyAt(1, "RW", "delete")],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Trims the stream to (approximately if '~' is passed) a certain size",
      since: "5.0.0",
      complexity:
        "O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.",
      history: [["6.2.0", "Added the `MINID` trimming strategy and the `LIMIT` option."]],
      syntax:
        "key " +
        'trim:(strategy:(MAXLEN | MINID@6.2.0) operator:[equal:"=" | approximately:"~"] threshold [LIMIT count:integer]@6.2.0)',
    },
    run: xtrim,
  },
  xsetid: {
    arity: -3,
    hidesChanges: true,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "An internal command for replicating stream values",
      since: "5.0.0",
      complexity: "O(1)",
      history: [["7.0.0", "Added the `entries_added` and `max_deleted_entry_id` arguments."]],
      syntax:
        "key last-id [ENTRIESADDED entries_added:integer]@7.0.0 " +
        "[MAXDELETEDID max_deleted_entry_id]@7.0.0",
    },
    run: xsetid,
  },
} satisfies Record<string, CommandRow>;

const ZERO_ID = new CommandError("ERR The ID specified in XADD must be greater than 0-0");
const EXHAUSTED = new CommandError(
  "ERR The stream has exhausted the last possible ID, unable to add more items",
);
const NOT_GREATER = new CommandError(
  "ERR The ID specified in XADD is equal or smaller than the target stream top item",
);
const TOO_LARGE = new CommandError("ERR Elements are too large to be stored");

function xadd(context: Context, args: readonly Bytes[]): Reply {
  const { client, db, keyspace, propagation } = context;
  const key = args[1]!;
  const { streamNodeMaxEntries } = keyspace.limits;
  const options = trimArguments(args, true, streamNodeMaxEntries, client.type === "master");
  const { newId } = options;
  const pairs = args.slice(options.idAt + 1);
  if (pairs.length < 2 || pairs.length % 2 === 1) throw wrongArity("xadd");
  if (newId !== null && newId.sequence !== null && newId.ms + newId.sequence === MIN_ID) throw ZERO_ID;
  const stream = options.noMkstream ? db.stream(key) : db.streamToWrite(key);
  if (stream === null) return null;
  const edit = new StreamEdit(stream);
  const id = idToAdd(edit.header.lastId, newId, context.nowMs);
  if (bytesOf(pairs) > MAX_BLOCK) throw TOO_LARGE;
  append(edit, id, pairs, keyspace.limits);
  const trimmed = options.trim === null ? 0 : trim(edit, options.trim);
  if (propagation.isWanted) propagateAdded(propagation, args, options, formatId(id), edit);
  edit.apply();
  db.event("stream", "xadd", key);
  if (trimmed > 0) db.event("stream", "xtrim", key);
  return formatId(id);
}

/** With the id that it got, and trimmed as far as it was. */
function propagateAdded(
  propagation: Propagation,
  args: readonly Bytes[],
  { idAt, limitAt, newId, trim }: TrimArguments,
  id: Bytes,
  edit: StreamEdit,
): void {
  const exact = trim?.approximate === true ? exactTrim(args, limitAt, trim.strategy, edit) : args;
  const isIdGiven = newId !== null && newId.sequence !== null;
  propagation.instead(isIdGiven ? exact : exact.with(idAt, id));
}

function idToAdd(lastId: StreamId, newId: NewId | null, nowMs: number): StreamId {
  if (lastId === MAX_ID) throw EXHAUSTED;
  if (newId === null) return idAt(nowMs, lastId);
  const { ms, sequence } = newId;
  if (sequence === null && ms === msOf(lastId)) {
    if (lastId.endsWith(LAST_SEQUENCE)) throw NOT_GREATER;
    return nextId(lastId)!;
  }
  const id = ms + (sequence ?? FIRST_OF_MS);
  if (id <= lastId) throw NOT_GREATER;
  return id;
}

const FIRST_OF_MS = msOf(MIN_ID);

function bytesOf(pairs: readonly Bytes[]): number {
  let bytes = 0;
  for (const part of pairs) bytes += part.length;
  return bytes;
}

function xlen({ db }: Context, args: readonly Bytes[]): Reply {
  return db.stream(args[1]!)?.header.length ?? 0;
}

function xdel({ db }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const stream = db.stream(key);
  if (stream === null) return 0;
  const ids = idArguments(args, 2);
  const edit = new StreamEdit(stream);
  const deleted = deleteEntries(edit, ids);
  if (deleted === 0) return 0;
  edit.apply();
  db.event("stream", "xdel", key);
  return deleted;
}

function xtrim({ client, db, keyspace, propagation }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const { streamNodeMaxEntries } = keyspace.limits;
  const options = trimArguments(args, false, streamNodeMaxEntries, client.type === "master");
  const stream = db.stream(key);
  if (stream === null) return 0;
  const edit = new StreamEdit(stream);
  const { strategy, approximate } = options.trim!;
  const trimmed = trim(edit, options.trim!);
  if (approximate && propagation.isWanted) {
    propagation.instead(exactTrim(args, options.limitAt, strategy, edit));
  }
  edit.apply();
  if (trimmed > 0) db.event("stream", "xtrim", key);
  return trimmed;
}

const NEGATIVE_ENTRIES = new CommandError("ERR entries_added must be positive");
const BELOW_DELETED = new CommandError(
  "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
);
const BELOW_TOP = new CommandError(
  "ERR The ID specified in XSETID is smaller than the target stream top item",
);
const BELOW_LENGTH = new CommandError(
  "ERR The entries_added specified in XSETID is smaller than the target stream length",
);

function xsetid({ db }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const lastId = idArgument(args[2]!);
  const { entriesAdded, maxDeletedId } = setidOptions(args, lastId);
  const stream = db.stream(key);
  if (stream === null) throw NO_SUCH_KEY;
  checkFits(stream, lastId, entriesAdded);
  const edit = new StreamEdit(stream);
  edit.update({
    lastId,
    entriesAdded: entriesAdded ?? edit.header.entriesAdded,
    maxDeletedId: maxDeletedId === MIN_ID ? edit.header.maxDeletedId : maxDeletedId,
  });
  edit.apply();
  db.event("stream", "xsetid", key);
  return OK;
}

function setidOptions(
  args: readonly Bytes[],
  lastId: StreamId,
): { entriesAdded: Int64 | null; maxDeletedId: StreamId } {
  let entriesAdded: Int64 | null = null;
  let maxDeletedId: StreamId = MIN_ID;
  for (let at = 3; at < args.length; at += 2) {
    const word = optionWord(args[at]!);
    const value = args[at + 1];
    if (word === "ENTRIESADDED" && value !== undefined) {
      entriesAdded = int64Argument(value);
      if (entriesAdded < 0) throw NEGATIVE_ENTRIES;
    } else if (word === "MAXDELETEDID" && value !== undefined) {
      maxDeletedId = idArgument(value);
      if (lastId < maxDeletedId) throw BELOW_DELETED;
    } else {
      throw SYNTAX;
    }
  }
  return { entriesAdded, maxDeletedId };
}

function checkFits({ header }: Stream, lastId: StreamId, entriesAdded: Int64 | null): void {
  const { length, topId } = header;
  if (length === 0) return;
  if (lastId < topId) throw BELOW_TOP;
  if (entriesAdded !== null && length > entriesAdded) throw BELOW_LENGTH;
}
