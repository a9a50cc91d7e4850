import { CommandError } from "../errors.ts";
import { bytesOfText } from "../support/bytes.ts";

/** How often a server that could not write tries again. */
const RETRY_MS = 1000;

/**
 * What happens when a batch could not be written (the disk is full, say): writes are refused until writing
 * works again, reads go on.
 *
 * LevelDB's log may hold half a record after a failed write, and what is appended behind it would be lost at
 * the next start. So the database is closed and opened again, which starts a new log, before the first new
 * write; and that is tried only after a probe file could be written to the same folder.
 */
export class DiskHealth {
  #failure: CommandError | null = null;
  #timer: NodeJS.Timeout | null = null;
  readonly #probe: () => Promise<void>;
  readonly #reopen: () => Promise<void>;
  readonly #log: (message: string) => void;
  /** Whether the options want writes to be refused since the last RDB file could not be written. */
  lacksSnapshot: () => boolean = () => false;

  /** `probe` rejects while the disk takes nothing; `reopen` exchanges the store. */
  constructor(probe: () => Promise<void>, reopen: () => Promise<void>, log: (message: string) => void) {
    this.#probe = probe;
    this.#reopen = reopen;
    this.#log = log;
  }

  /** What writes are answered while nothing can be written, null when all is well. */
  get failure(): CommandError | null {
    return this.#failure;
  }

  /** The same, or that what was written could not be saved elsewhere: `stop-writes-on-bgsave-error`. */
  get refusal(): CommandError | null {
    return this.#failure ?? (this.lacksSnapshot() ? SNAPSHOT_FAILED : null);
  }

  failed(error: Error): void {
    const wasWell = this.#failure === null;
    this.#failure = writeRefused(error);
    if (wasWell) {
      this.#log(`Writing to the disk failed: ${reasonOf(error)}. Writes are refused until it works again.`);
      this.#retryLater();
    }
  }

  #retryLater(): void {
    this.#timer = setTimeout(() => void this.#retry(), RETRY_MS);
    this.#timer.unref();
  }

  async #retry(): Promise<void> {
    try {
      await this.#probe();
      await this.#reopen();
      this.#failure = null;
      this.#log("Writing to the disk works again.");
    } catch {
      this.#retryLater();
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

const SNAPSHOT_FAILED = new CommandError(
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
    "Commands that may modify the data set are disabled, because this instance is configured to report errors " +
    "during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). " +
    "Please check the Redis logs for details about the RDB error.",
);

/** The reply to a write whose batch could not be written, and to those that follow. */
export function writeRefused(error: Error): CommandError {
  return new CommandError(
    bytesOfText(
      `MISCONF Errors writing to the disk: ${reasonOf(error)}. Commands that may modify the data set are disabled until writing works again.`,
    ),
  );
}

/** LevelDB's own words: classic-level puts them into the cause. */
function reasonOf(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : error.message;
  return cause.replace(/[\r\n]+/g, " ").replace(/\.$/, "");
}
