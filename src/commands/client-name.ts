import { CommandError } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Client } from "./host.ts";

const PRINTABLE = /^[!-~]*$/;

/** Whether CLIENT LIST can show it: its fields are separated by blanks. */
export function isShowable(text: Bytes): boolean {
  return PRINTABLE.test(text);
}

/** The empty name takes the name away. */
export function setName(client: Client, name: Bytes): void {
  if (!isShowable(name)) {
    throw new CommandError("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  client.name = name;
}
