import { CommandError } from "../../errors.ts";
import type { Library } from "../../keyspace/libraries.ts";
import { ByteSource } from "../../rdb/decode/source.ts";
import { readLength, readString } from "../../rdb/decode/strings.ts";
import { RdbOutput } from "../../rdb/encode/output.ts";
import { RdbOpcode } from "../../rdb/opcodes.ts";
import { isPayload } from "../../rdb/payload.ts";
import { RdbError } from "../../rdb/rdb-error.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { crc64 } from "../../support/crc64.ts";
import { optionWord } from "../arguments.ts";
import type { Context } from "../command.ts";
import { wrongSubcommandUse } from "../help.ts";
import { type LibrariesContext, changeLibraries, functionNamed } from "./libraries.ts";
import type { Scripting } from "./scripting.ts";

/** The version of RDB that Redis 7.0 writes, in two bytes, the lower first. */
const VERSION = "\x0a\0";
/** Version and checksum. */
const FOOTER_BYTES = 10;

type LibraryMap = ReadonlyMap<Bytes, Library>;

/** FUNCTION DUMP: the libraries as they stand in an RDB file, then version and checksum as behind the payload of DUMP. */
export function functionDump({ keyspace, server }: Context): Reply {
  const output = new RdbOutput(server.config.values.rdbcompression);
  for (const { code } of keyspace.libraries.all.values()) {
    output.byte(RdbOpcode.library);
    output.string(code);
  }
  const body = Buffer.concat(output.take()).latin1Slice() + VERSION;
  return body + crc64(body);
}

/** FUNCTION RESTORE serialized-value [FLUSH | APPEND | REPLACE] */
export function functionRestore(context: Context, args: readonly Bytes[]): Reply {
  if (args.length > 4) throw wrongSubcommandUse(args);
  const policy = POLICIES.find((name) => name === optionWord(args[3] ?? "APPEND"));
  if (policy === undefined) throw WRONG_POLICY;
  const payload = args[2]!;
  if (!isPayload(payload, true)) throw WRONG_PAYLOAD;
  restoreLibraries(context, codesOf(payload), policy);
  return OK;
}

const POLICIES = ["FLUSH", "APPEND", "REPLACE"] as const;

/** What becomes of the libraries that are there: they go, none may have the name of a new one, or such ones go. */
export type RestorePolicy = (typeof POLICIES)[number];

/** Loads libraries by their code. @throws CommandError; then all is as it was */
export function restoreLibraries(
  context: LibrariesContext,
  codes: readonly Bytes[],
  policy: RestorePolicy,
): void {
  const { keyspace, server } = context;
  const restored = loadAll(codes, server.scripting);
  try {
    const next =
      policy === "FLUSH" ? restored : joined(keyspace.libraries.all, restored, policy === "REPLACE");
    changeLibraries(context, next);
  } catch (error) {
    unloadAll(restored, server.scripting);
    throw error;
  }
}

/** The code of each library. */
function codesOf(payload: Bytes): Bytes[] {
  const source = ByteSource.of(Buffer.from(payload.slice(0, -FOOTER_BYTES), "latin1"));
  const codes: Bytes[] = [];
  while (source.available > 0) {
    const opcode = source.u8();
    if (opcode !== RdbOpcode.library && opcode !== RdbOpcode.libraryBeforeRelease) throw NO_FUNCTION;
    try {
      codes.push(opcode === RdbOpcode.library ? readString(source) : readCodeBeforeRelease(source));
    } catch (error) {
      if (!(error instanceof RdbError)) throw error;
      throw DAMAGED;
    }
  }
  return codes;
}

/** The release candidates of Redis 7.0 wrote name, engine, description if any (which is dropped) and code one by one. */
function readCodeBeforeRelease(source: ByteSource): Bytes {
  const name = readString(source);
  const engine = readString(source);
  if (readLength(source) !== 0) readString(source);
  return `#!${engine} name=${name}\n${readString(source)}`;
}

/** All of them, or none: as if there were no others yet. */
function loadAll(codes: readonly Bytes[], scripting: Scripting): LibraryMap {
  const loaded = new Map<Bytes, Library>();
  try {
    for (const code of codes) {
      const library = scripting.load(code, 0);
      const { name, functions } = library;
      if (loaded.has(name)) {
        scripting.functionEngine.unload(library);
        throw new CommandError(`ERR Library '${name}' already exists`);
      }
      const taken = functions.find((entry) => functionNamed(loaded.values(), entry.name));
      loaded.set(name, library);
      if (taken !== undefined) throw functionExists(taken.name);
    }
  } catch (error) {
    unloadAll(loaded, scripting);
    throw error;
  }
  return loaded;
}

function unloadAll(libraries: LibraryMap, { functionEngine }: Scripting): void {
  for (const library of libraries.values()) functionEngine.unload(library);
}

/** @throws CommandError where two have the same name, or a function of the same name */
function joined(present: LibraryMap, restored: LibraryMap, replaces: boolean): LibraryMap {
  const next = new Map(present);
  for (const name of restored.keys()) {
    if (next.delete(name) && !replaces) throw new CommandError(`ERR Library ${name} already exists`);
  }
  const kept = [...next.values()];
  for (const [name, library] of restored) {
    const taken = library.functions.find((entry) => functionNamed(kept, entry.name));
    if (taken !== undefined) throw functionExists(taken.name);
    next.set(name, library);
  }
  return next;
}

function functionExists(name: Bytes): CommandError {
  return new CommandError(`ERR Function ${name} already exists`);
}

const WRONG_POLICY = new CommandError(
  "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
);
const WRONG_PAYLOAD = new CommandError("ERR DUMP payload version or checksum are wrong");
const NO_FUNCTION = new CommandError("ERR given type is not a function");
const DAMAGED = new CommandError("ERR Failed loading library payload");
