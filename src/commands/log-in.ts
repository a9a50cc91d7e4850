import { createHash, timingSafeEqual } from "node:crypto";
import { CommandError } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Context } from "./command.ts";

const WRONG_PASSWORD = new CommandError("WRONGPASS invalid username-password pair or user is disabled.");

/** The only user; without a password it takes any. */
export const DEFAULT_USER = "default";

/** Logs the client in. @throws WRONGPASS */
export function logIn({ client, server }: Context, user: Bytes, password: Bytes): void {
  const { requirepass } = server.config.values;
  if (user !== DEFAULT_USER || (requirepass !== "" && !isSame(password, requirepass))) throw WRONG_PASSWORD;
  client.user = user;
  client.authenticated = true;
}

/** Takes the same time wherever the two differ: hashes of one length are compared. */
function isSame(a: Bytes, b: Bytes): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(bytes: Bytes): Buffer {
  return createHash("sha256").update(bytes, "latin1").digest();
}
