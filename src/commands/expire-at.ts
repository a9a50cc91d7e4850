import type { Database } from "../keyspace/database.ts";
import type { Entry } from "../keyspace/entry.ts";

/** Gives a key its expiry, in Unix ms, or removes it when that time has passed: there is nothing to wait for. */
export function expireAt(db: Database, entry: Entry, expiresAtMs: number, nowMs: number): void {
  if (expiresAtMs <= nowMs) {
    db.remove(entry);
    db.event("generic", "del", entry.key);
  } else {
    db.setExpiry(entry, expiresAtMs);
    db.event("generic", "expire", entry.key);
  }
}
