import { CommandError, SYNTAX, WRONG_TYPE } from "../../errors.ts";
import { BigString, CHUNKED_FROM_BYTES, CHUNK_BYTES } from "../../keyspace/big-string.ts";
import { bitOperation } from "../../keyspace/bit-operation.ts";
import type { Reply } from "../../resp/reply.ts";
import type { BitOperation } from "../../support/bits.ts";
import type { Bytes } from "../../support/bytes.ts";
import { optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt, keysBetween } from "../key-spec.ts";
import { padded } from "../strings/parts.ts";

export const OPERATION_ROWS = {
  bitop: {
    arity: -4,
    flags: ["write", "denyoom"],
    keys: [keyAt(2, "OW", "update"), keysBetween(3, -1, "RO", "access")],
    doc: {
      summary: "Perform bitwise operations between strings",
      since: "2.6.0",
      complexity: "O(N)",
      syntax: "operation destkey:key key...",
    },
    run: bitop,
  },
} satisfies Record<string, CommandRow>;

const NOT_OF_MANY = new CommandError("ERR BITOP NOT must be called with a single source key.");

/** Returns the length of the result, in bytes. */
function bitop({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const operation = operationOf(args[1]!);
  if (operation === "NOT" && args.length > 4) throw NOT_OF_MANY;
  const key = args[2]!;
  const sources = args.slice(3);
  db.ready(args.slice(2));
  const operands = sources.map((source) => {
    const entry = db.find(source);
    if (entry === null) db.missed(source);
    else if (entry.type !== "string") throw WRONG_TYPE;
    return entry === null ? "" : (entry.value as Bytes | BigString);
  });
  const length = Math.max(...operands.map((operand) => operand.length));
  if (length === 0) {
    if (db.delete(key)) db.event("generic", "del", key);
    return 0;
  }
  const chunks = bitOperation(keyspace, operation, operands);
  // The chunks are writes: what `put` reads has to be known before.
  db.peek(key);
  if (length > CHUNKED_FROM_BYTES) {
    db.put(key, BigString.ofChunks(keyspace, length, chunks));
  } else {
    db.put(key, joined(chunks, length), 0, true);
  }
  db.event("string", "set", key);
  return length;
}

function operationOf(text: Bytes): BitOperation {
  const word = optionWord(text);
  if (word !== "AND" && word !== "OR" && word !== "XOR" && word !== "NOT") throw SYNTAX;
  return word;
}

function joined(chunks: ReadonlyMap<number, Bytes>, length: number): Bytes {
  let bytes = "";
  for (const [number, chunk] of chunks) bytes = padded(bytes, number * CHUNK_BYTES) + chunk;
  return padded(bytes, length);
}
