import type { Database } from "../keyspace/database.ts";
import type { Entry } from "../keyspace/entry.ts";
import type { Propagation } from "../keyspace/propagation.ts";

/**
 * Gives a key its expiry, in Unix ms, or removes it when that time has passed: there is nothing to wait for. Replicas are
 * told which of both it was, and the time itself: they may hear of it late.
 */
export function expireAt(
  db: Database,
  entry: Entry,
  expiresAtMs: number,
  nowMs: number,
  propagation: Propagation,
): void {
  if (expiresAtMs <= nowMs && !db.keepsExpired) {
    db.remove(entry);
    propagation.instead(propagation.removal(entry.key));
    db.event("generic", "del", entry.key);
  } else {
    db.setExpiry(entry, expiresAtMs);
    if (propagation.isWanted) propagation.instead(["PEXPIREAT", entry.key, String(expiresAtMs)]);
    db.event("generic", "expire", entry.key);
  }
}
