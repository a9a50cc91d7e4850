import type { Bytes } from "../support/bytes.ts";
import { cString, oneLine, ReplyTooLarge } from "./conversion.ts";
import { OutOfMemory, StackExhausted } from "./lua-module.ts";
import type { Location, Stack } from "./lua-stack.ts";
import { TABLE } from "./native.ts";

/** How scripts end otherwise than well, and what their clients are told of it. */

/** What an exception of the host's is wrapped in on its way through the VM. */
export class Thrown {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** A script that was stopped, and the error that its client gets. */
export class Stopped {
  readonly message: Bytes;
  constructor(message: Bytes) {
    this.message = message;
  }
}

/** The error that is on top of a thread, and whether it was counted when a command answered it. */
export function errorOnTop(lua: Stack): { message: Bytes; wasCounted: boolean } {
  if (lua.type(-1) !== TABLE) {
    return { message: `ERR ${cString(lua.describe(-1))}`, wasCounted: false };
  }
  lua.rawGetField(-1, "err");
  const message = lua.isStringOrNumber(-1) ? cString(lua.toBytes(-1)!) : "ERR unknown error";
  lua.rawGetField(-2, "ignore_error_stats_update");
  return { message, wasCounted: lua.toBoolean(-1) };
}

/** Where the script stands, in its own code: what a C function does, its caller does. */
export function placeOf(lua: Stack): Location | null {
  const location = lua.where(0);
  if (location === null || !isOurs(location)) return location;
  let place = lua.where(1);
  // A `pcall` is two functions, the second of them in Lua; a tail call is a level of its own.
  if (place?.source !== OUR_SOURCE || place.isC) return place;
  for (let level = 2; place !== null && OURS.includes(place.source); level++) place = lua.where(level);
  return place;
}

/** `ERR x script: f00…, on @user_script:1.` */
export function withPlace(message: Bytes, scriptName: Bytes, place: Location | null): Bytes {
  if (place === null) return oneLine(message);
  return oneLine(`${message} script: ${scriptName}, on ${place.source}:${place.line}.`);
}

/** What C functions have as their source, and Lua functions of ours. */
const OUR_SOURCE = "=[C]";
const OURS = [OUR_SOURCE, "=(tail call)"];

function isOurs({ isC, source }: Location): boolean {
  return isC || source === OUR_SOURCE;
}

/** Why a script ended by what Lua does not know of; throws what nobody expects. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof OutOfMemory || thrown instanceof ReplyTooLarge) return "not enough memory";
  if (thrown instanceof StackExhausted) return "stack overflow";
  // V8's own words for both stacks and for strings.
  if (thrown instanceof RangeError) {
    return thrown.message.includes("call stack") ? "stack overflow" : "not enough memory";
  }
  if (thrown instanceof WebAssembly.RuntimeError) return `the Lua VM broke: ${thrown.message}`;
  throw thrown;
}
