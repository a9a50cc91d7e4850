import type { ServerUrl } from "../config/server-url.ts";
import type { RdbInput } from "../rdb/load/load.ts";
import type { Bytes } from "../support/bytes.ts";
import { LinkError, ServerLink } from "./server-link.ts";

export interface FullSyncOptions {
  /** What the other server may tell others about this one; it shows it in INFO. */
  readonly listeningPort: number;
  readonly timeoutMs: number;
}

/** So often the other server hears from us while it sends: it drops replicas that are silent. */
const ALIVE_MS = 1000;

/**
 * All data of another server, as it gives it to a replica: https://redis.io/docs/latest/operate/oss_and_stack/management/replication/.
 * An RDB either of a length that is told before, or (a server that writes no file for it) with a mark behind it.
 */
export class FullSync implements RdbInput {
  readonly totalBytes: number;
  readonly expectedEnd: Bytes | null;
  /** Where the data stands in the history of the other server. */
  readonly replicationId: string;
  readonly offset: number;
  readonly #link: ServerLink;
  readonly #alive: NodeJS.Timeout;
  #left: number;

  /** The handshake of a replica. @throws LinkError */
  static async open(url: ServerUrl, options: FullSyncOptions): Promise<FullSync> {
    const link = await ServerLink.open(url, options.timeoutMs);
    try {
      if (url.password !== "") {
        await (url.user === "" ? link.call("AUTH", url.password) : link.call("AUTH", url.user, url.password));
      }
      await link.call("PING");
      await link.call("REPLCONF", "listening-port", String(options.listeningPort));
      await link.call("REPLCONF", "capa", "eof", "capa", "psync2");
      const answer = await link.call("PSYNC", "?", "-1");
      const found = /^FULLRESYNC ([0-9a-f]{40}) ([0-9]+)$/i.exec(answer);
      if (found === null) throw new LinkError(`no full synchronization: PSYNC is answered with ${answer}`);
      const header = await link.line();
      return new FullSync(link, found[1]!, Number(found[2]), header);
    } catch (error) {
      link.close();
      throw error;
    }
  }

  private constructor(link: ServerLink, replicationId: string, offset: number, header: string) {
    const found = /^\$(?:EOF:([^]{40})|([0-9]{1,15}))$/.exec(header);
    if (found === null) throw new LinkError(`no RDB follows, but ${JSON.stringify(header.slice(0, 100))}`);
    this.#link = link;
    this.replicationId = replicationId;
    this.offset = offset;
    this.expectedEnd = found[1] ?? null;
    this.totalBytes = Number(found[2] ?? 0);
    this.#left = found[1] === undefined ? this.totalBytes : Infinity;
    this.#alive = setInterval(() => link.send("\n"), ALIVE_MS);
    this.#alive.unref();
  }

  async read(buffer: Buffer): Promise<number> {
    if (this.#left === 0) return 0;
    const bytes = await this.#link.read(buffer.subarray(0, Math.min(buffer.length, this.#left)));
    if (bytes === 0) throw new LinkError("the other server closed the connection before the end of its data");
    this.#left -= bytes;
    return bytes;
  }

  async close(): Promise<void> {
    clearInterval(this.#alive);
    this.#link.close();
  }
}
