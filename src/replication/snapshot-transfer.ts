import { randomBytes } from "node:crypto";
import type { RdbFields } from "../rdb/save/job.ts";
import { SaveAborted } from "../rdb/save/job.ts";
import type { StreamRequest } from "../rdb/save/streamer.ts";
import type { Log } from "../support/log.ts";
import type { ConnectedReplica } from "./connected-replica.ts";
import { SpoolFile } from "./spool-file.ts";
import type { ReplicationStream } from "./stream.ts";

/** Who writes the data of one moment as an RDB. */
export interface RdbSource {
  stream(request: StreamRequest): Promise<void>;
}

export interface TransferOptions {
  readonly source: RdbSource;
  readonly stream: ReplicationStream;
  readonly replicas: Iterable<ConnectedReplica>;
  /** Straight into their connections, with a mark behind it. Else by a file in `folder`: its length comes first. */
  readonly isMarked: boolean;
  readonly folder: string;
  readonly log: Log;
}

/**
 * One RDB for all replicas that wait for it. It is of the moment in which everything written is in the store and nothing
 * else is written: so it holds exactly what the stream has told up to there, and what comes next is kept for them.
 */
export class SnapshotTransfer {
  readonly #options: TransferOptions;
  readonly #replicas: Set<ConnectedReplica>;
  readonly #abort = new AbortController();
  /** Where the data stands; null: that is not decided. */
  #moment: { readonly id: string; readonly offset: number } | null = null;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#replicas = new Set(options.replicas);
  }

  get isMarked(): boolean {
    return this.#options.isMarked;
  }

  /** Another that can do with the same file gets it, too. */
  canJoin({ profile }: ConnectedReplica): boolean {
    if (this.isMarked || this.#moment === null) return false;
    return [...this.#replicas].some(
      (other) =>
        other.profile.withKeys === profile.withKeys && other.profile.withLibraries === profile.withLibraries,
    );
  }

  join(replica: ConnectedReplica): void {
    const { id, offset } = this.#moment!;
    this.#replicas.add(replica);
    replica.begin(id, offset);
  }

  /** A replica is gone. */
  leave(replica: ConnectedReplica): void {
    if (!this.#replicas.delete(replica) || this.#replicas.size > 0) return;
    this.#options.log(
      "warning",
      this.isMarked
        ? "Diskless rdb transfer, last replica dropped, killing fork child."
        : "Background transfer terminated: the last replica that waited for it is gone",
    );
    this.#abort.abort();
  }

  /** Resolves when the RDB is made: marked ones are sent then, files are on their way. Never rejects. */
  async run(): Promise<void> {
    try {
      if (this.isMarked) await this.#runMarked();
      else await this.#runByFile();
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  async #runMarked(): Promise<void> {
    const mark = randomBytes(20).toString("hex");
    await this.#make(
      () => {
        for (const replica of this.#replicas) replica.tell(`$EOF:${mark}\r\n`);
      },
      async (chunks) => {
        await Promise.all([...this.#replicas].map((replica) => replica.take(chunks)));
      },
    );
    const { log } = this.#options;
    log(
      "warning",
      `Diskless rdb transfer, done reading from pipe, ${this.#replicas.size} replicas still up.`,
    );
    for (const replica of this.#replicas) {
      replica.tell(mark);
      this.#sent(replica);
    }
  }

  async #runByFile(): Promise<void> {
    const file = await SpoolFile.create(this.#options.folder);
    try {
      await this.#make(
        () => undefined,
        (chunks) => file.write(chunks),
      );
    } catch (error) {
      await file.close();
      throw error;
    }
    const sends = [...this.#replicas].map((replica) => this.#sendFile(replica, file));
    // The next one may begin meanwhile.
    void Promise.all(sends)
      .then(() => file.close())
      .catch((error: unknown) => {
        this.#options.log("warning", `A file for replicas was not removed: ${(error as Error).message}`);
      });
  }

  async #sendFile(replica: ConnectedReplica, file: SpoolFile): Promise<void> {
    replica.state = "sending";
    replica.tell(`$${file.bytes}\r\n`);
    try {
      for await (const chunk of file.read()) {
        await replica.take([chunk]);
        if (replica.link.isClosed) return;
      }
    } catch (error) {
      this.#options.log("warning", `Read error sending DB to replica: ${(error as Error).message}`);
      replica.link.close();
      return;
    }
    this.#sent(replica);
  }

  async #make(begun: () => void, take: StreamRequest["take"]): Promise<void> {
    const { source } = this.#options;
    const [{ profile }] = this.#replicas as unknown as [ConnectedReplica];
    const { withKeys, withLibraries } = profile;
    const atMoment = (): RdbFields => {
      const fields = this.#begin();
      begun();
      return fields;
    };
    await source.stream({ withKeys, withLibraries, atMoment, take, signal: this.#abort.signal });
  }

  /** This is the moment. */
  #begin(): RdbFields {
    const { stream } = this.#options;
    const { id, offset } = stream.written;
    const fields = stream.rdbFields;
    this.#moment = { id, offset };
    for (const replica of this.#replicas) replica.begin(id, offset);
    // Not all who ask for the data read there which database the stream has selected.
    stream.forgetDatabase();
    return fields;
  }

  #sent(replica: ConnectedReplica): void {
    const { log } = this.#options;
    if (replica.profile.wantsOnlyRdb) {
      log("notice", `RDB transfer completed, rdb only replica (${replica.name}) should be disconnected asap`);
      void replica.end();
      return;
    }
    if (this.isMarked) {
      log(
        "notice",
        `Streamed RDB transfer with replica ${replica.name} succeeded (socket). ` +
          "Waiting for REPLCONF ACK from replica to enable streaming",
      );
    }
    replica.putOnline(this.isMarked);
    log("notice", `Synchronization with replica ${replica.name} succeeded`);
  }

  #failed(error: Error): void {
    const { log } = this.#options;
    if (!(error instanceof SaveAborted)) log("warning", `BGSAVE for replication failed: ${error.message}`);
    for (const replica of this.#replicas) {
      if (this.#moment === null) {
        replica.tell("-ERR BGSAVE failed, replication can't continue\r\n");
        void replica.end();
      } else {
        log("warning", "SYNC failed. BGSAVE child returned an error");
        replica.link.close();
      }
    }
  }
}
