import { CommandError } from "../../errors.ts";
import { BigString, CHUNK_BYTES, type Part } from "../../keyspace/big-string.ts";
import type { Reply } from "../../resp/reply.ts";
import { fitField, readField, writeField } from "../../support/bit-fields.ts";
import type { Bytes } from "../../support/bytes.ts";
import { INT64_MAX, narrowInteger } from "../../support/integers.ts";
import type { CommandRow, Context } from "../command.ts";
import { bitfieldKeys } from "../find-keys.ts";
import { keyAt, noted } from "../key-spec.ts";
import { findString, lengthOf, markChanged, stringOf, writeParts } from "../strings/parts.ts";
import { type FieldOperation, fieldOperations } from "./field-arguments.ts";

export const FIELD_ROWS = {
  bitfield: {
    arity: -2,
    flags: ["write", "denyoom"],
    keys: [
      noted(
        keyAt(1, "RW", "access", "update", "variable_flags"),
        "This command allows both access and modification of the key",
      ),
    ],
    findKeys: bitfieldKeys,
    doc: {
      summary: "Perform arbitrary bitfield integer operations on strings",
      since: "3.2.0",
      complexity: "O(1) for each subcommand specified",
      syntax:
        "key " +
        "operation:[GET encoding offset:integer | write:([OVERFLOW (WRAP | SAT | FAIL)] write_operation:(SET encoding offset:integer value:integer | INCRBY encoding offset:integer increment:integer))]...",
    },
    run: bitfield,
  },
  bitfield_ro: {
    arity: -2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD",
      since: "6.0.0",
      complexity: "O(1) for each subcommand specified",
      syntax: "key [GET encoding offset:integer]...",
    },
    run: bitfieldRo,
  },
} satisfies Record<string, CommandRow>;

const ONLY_GET = new CommandError("ERR BITFIELD_RO only supports the GET subcommand");

function bitfieldRo(context: Context, args: readonly Bytes[]): Reply {
  const operations = fieldOperations(context, args);
  if (operations.some(({ name }) => name !== "GET")) throw ONLY_GET;
  const entry = findString(context.db, args[1]!);
  return new Fields(stringOf(entry), operations).run();
}

function bitfield(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  const key = args[1]!;
  const operations = fieldOperations(context, args);
  const entry = findString(db, key);
  const fields = new Fields(stringOf(entry), operations);
  const reply = fields.run();
  const writes = operations.filter(({ name }) => name !== "GET");
  if (writes.length === 0) {
    if (entry === null) db.missed(key);
    return reply;
  }
  const length = Math.max(lengthOf(entry), ...writes.map((operation) => lastByteOf(operation) + 1));
  const grows = entry === null || length > lengthOf(entry);
  const isSeen = fields.hasChanged || (grows && fields.hasWritten);
  context.keyspace.hidesChanges = !isSeen;
  if (fields.hasChanged || grows) writeParts(context, key, entry, fields.parts(), length);
  else if (entry.encoding !== "raw") markChanged(db, entry);
  if (isSeen) db.event("string", "setbit", key);
  // Redis keeps it to itself, too, when a field that did not fit made a string longer: its replicas then have another one.
  else if (!grows) context.propagation.prevent();
  return reply;
}

function lastByteOf({ offset, type }: FieldOperation): number {
  return Math.floor((offset + type.bits - 1) / 8);
}

/** As Redis understands it. */
function numberToSet({ type, value, overflow }: FieldOperation): bigint {
  // A negative number is a very large one to an unsigned field.
  if (!type.isSigned) return BigInt.asUintN(64, value);
  // How far it is below the greatest number is counted in 64 bits: beyond, a negative one saturates as a positive one.
  const distance = (1n << BigInt(type.bits - 1)) - 1n - value;
  return overflow === "SAT" && type.bits < 64 && distance > INT64_MAX ? -value : value;
}

/** The operations of one command on a string: reads come from it, writes are kept aside. */
class Fields {
  readonly #value: Bytes | BigString;
  readonly #operations: readonly FieldOperation[];
  /** By place. */
  readonly #bytes = new Map<number, number>();
  /** A field was written, with another number than it had. */
  hasChanged = false;
  /** A field was written. */
  hasWritten = false;

  constructor(value: Bytes | BigString, operations: readonly FieldOperation[]) {
    this.#value = value;
    this.#operations = operations;
  }

  /** The replies. May fault. */
  run(): Reply[] {
    if (this.#value instanceof BigString) this.#value.readyChunks(this.#chunks());
    return this.#operations.map((operation) => this.#runOne(operation));
  }

  #chunks(): number[] {
    const numbers = new Set<number>();
    for (const operation of this.#operations) {
      numbers.add(Math.floor(operation.offset / 8 / CHUNK_BYTES));
      numbers.add(Math.floor(lastByteOf(operation) / CHUNK_BYTES));
    }
    return [...numbers];
  }

  #runOne(operation: FieldOperation): Reply {
    const { name, type, offset, value, overflow } = operation;
    const old = readField(this.#byteAt, offset, type);
    if (name === "GET") return narrowInteger(old);
    const fitting = fitField(name === "INCRBY" ? old + value : numberToSet(operation), type, overflow);
    if (fitting === null) return null;
    this.hasWritten = true;
    if (fitting !== old) {
      this.hasChanged = true;
      writeField(this.#byteAt, (at, byte) => this.#bytes.set(at, byte), offset, type, fitting);
    }
    return narrowInteger(name === "SET" ? old : fitting);
  }

  readonly #byteAt = (at: number): number => {
    const changed = this.#bytes.get(at);
    if (changed !== undefined) return changed;
    if (at >= this.#value.length) return 0;
    return this.#value instanceof BigString ? this.#value.byteAt(at) : this.#value.charCodeAt(at);
  };

  /** What was written, in the order of the places. */
  parts(): Part[] {
    const parts: { offset: number; bytes: Bytes }[] = [];
    for (const [at, byte] of [...this.#bytes].sort(([a], [b]) => a - b)) {
      const last = parts.at(-1);
      const char = String.fromCharCode(byte);
      if (last !== undefined && last.offset + last.bytes.length === at) last.bytes += char;
      else parts.push({ offset: at, bytes: char });
    }
    return parts;
  }
}
