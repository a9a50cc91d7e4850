import type { Bytes } from "../support/bytes.ts";

/** What one who asks for the data has said of itself before: REPLCONF. */
export class ReplicaProfile {
  /** Where it serves clients; 0: it did not say. */
  listeningPort = 0;
  /** Where it wants to be found; empty: where it comes from. */
  address: Bytes = "";
  /** It finds the end of an RDB by a mark: `capa eof`. */
  knowsMark = false;
  /** It may be told of another history that it is in: `capa psync2`. */
  knowsNewId = false;
  /** It wants the RDB, and nothing behind it. */
  wantsOnlyRdb = false;
  /** What the RDB is to contain: `rdb-filter-only`. */
  withKeys = true;
  withLibraries = true;

  /** Where it can be found; `address`: where it comes from. */
  hostOf(address: Bytes): Bytes {
    return this.address === "" ? address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1") : this.address;
  }

  /** `ip:port`, for the log. */
  nameOf(address: Bytes): string {
    const host = this.hostOf(address);
    if (this.listeningPort === 0) return `${host}:<unknown-replica-port>`;
    return host.includes(":") ? `[${host}]:${this.listeningPort}` : `${host}:${this.listeningPort}`;
  }

  get isFiltered(): boolean {
    return !this.withKeys || !this.withLibraries;
  }
}
