import type { ServerUrl } from "../config/server-url.ts";
import type { RdbInput } from "../rdb/load/load.ts";
import { encodeRequest } from "../resp/request.ts";
import type { Bytes } from "../support/bytes.ts";
import { newId } from "./history.ts";
import { type Position, askForData, introduce } from "./handshake.ts";
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
  readonly position: Position;
  /** Bytes that came so far. */
  bytesRead = 0;
  lastReadMs = Date.now();
  readonly #link: ServerLink;
  readonly #alive: NodeJS.Timeout;
  #left: number;

  /** A copy for a server that does not follow the other one. @throws LinkError */
  static async open(url: ServerUrl, { listeningPort, timeoutMs }: FullSyncOptions): Promise<FullSync> {
    const link = await ServerLink.open(url, timeoutMs);
    try {
      const { user, password } = url;
      await introduce(link, { user, password, listeningPort, announcedIp: "" }, () => undefined);
      const answer = await askForData(link, null);
      if (answer.kind === "full") return await FullSync.begin(link, answer);
      if (answer.kind === "unknown") return await FullSync.beginOld(link);
      const text = answer.kind === "continue" ? "+CONTINUE" : answer.text;
      throw new LinkError(`no full synchronization: PSYNC is answered with ${text}`);
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** When the other server has announced it: waits until it begins. @throws LinkError */
  static async begin(link: ServerLink, { id, offset }: Position): Promise<FullSync> {
    const alive = setInterval(() => link.send("\n"), ALIVE_MS);
    alive.unref();
    try {
      return new FullSync(link, { id, offset }, await link.line(), alive);
    } catch (error) {
      clearInterval(alive);
      throw error;
    }
  }

  /**
   * Of a server older than PSYNC (Redis 2.6), which knows no histories: the data gets one that nobody else is in.
   * @throws LinkError
   */
  static beginOld(link: ServerLink): Promise<FullSync> {
    link.send(encodeRequest(["SYNC"]));
    return FullSync.begin(link, { id: newId(), offset: 0 });
  }

  private constructor(link: ServerLink, position: Position, header: string, alive: NodeJS.Timeout) {
    if (header.startsWith("-")) {
      throw new LinkError(`MASTER aborted replication with an error: ${header.slice(1)}`);
    }
    const found = /^\$(?:EOF:([^]{40})|([0-9]{1,15}))$/.exec(header);
    if (found === null) {
      throw new LinkError(
        `Bad protocol from MASTER, the first byte is not '$' (we received '${header.slice(0, 100)}'), ` +
          "are you sure the host and port are right?",
      );
    }
    this.#link = link;
    this.position = position;
    this.expectedEnd = found[1] ?? null;
    this.totalBytes = Number(found[2] ?? 0);
    this.#left = found[1] === undefined ? this.totalBytes : Infinity;
    this.#alive = alive;
  }

  async read(buffer: Buffer): Promise<number> {
    if (this.#left === 0) return 0;
    const bytes = await this.#link.read(buffer.subarray(0, Math.min(buffer.length, this.#left)));
    if (bytes === 0) throw new LinkError("the other server closed the connection before the end of its data");
    this.#left -= bytes;
    this.bytesRead += bytes;
    this.lastReadMs = Date.now();
    return bytes;
  }

  /** Of the changes that came behind the data. */
  unread(bytes: Bytes): void {
    this.#link.unread(Buffer.from(bytes, "latin1"));
    this.bytesRead -= bytes.length;
  }

  /** The data is there; the connection stays. */
  end(): void {
    clearInterval(this.#alive);
  }

  async close(): Promise<void> {
    this.end();
    this.#link.close();
  }
}
