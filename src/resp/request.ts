import type { Bytes } from "../support/bytes.ts";

/** A command as clients send it: an array of bulk strings. */
export function encodeRequest(args: readonly Bytes[]): Bytes {
  let request = `*${args.length}\r\n`;
  for (const arg of args) request += `$${arg.length}\r\n${arg}\r\n`;
  return request;
}
