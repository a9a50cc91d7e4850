import type { LoadingProgress } from "../metrics/loading-progress.ts";
import type { Log } from "../support/log.ts";

const BAR_MS = 100;
const LOG_MS = 5000;
const BAR_LENGTH = 30;
const MB = 1e6;

/** Shows how far a load is: a bar on a terminal, else a line in the log from time to time. */
export class ProgressDisplay {
  readonly #progress: LoadingProgress;
  readonly #log: Log;
  /** null: no terminal. */
  readonly #terminal: NodeJS.WriteStream | null;
  readonly #startedMs = performance.now();
  #shownMs = performance.now();

  constructor(progress: LoadingProgress, log: Log, terminal: NodeJS.WriteStream | null) {
    this.#progress = progress;
    this.#log = log;
    this.#terminal = terminal;
  }

  update(keys: number): void {
    const nowMs = performance.now();
    const isDue = nowMs - this.#shownMs >= (this.#terminal === null ? LOG_MS : BAR_MS);
    if (!isDue) return;
    this.#shownMs = nowMs;
    const text = this.#text(keys);
    if (this.#terminal === null) this.#log("notice", `Loading: ${text}`);
    else this.#terminal.write(`\r\x1b[K${this.#bar()} ${text}`);
  }

  #text(keys: number): string {
    const { loadedBytes, percent, totalBytes, etaS } = this.#progress;
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const parts = [
      `${keys} keys`,
      `${(loadedBytes / MB).toFixed(1)} MB`,
      `${Math.round(keys / seconds)} keys/s`,
      `${(loadedBytes / MB / seconds).toFixed(1)} MB/s`,
    ];
    if (totalBytes > 0) parts.unshift(`${percent.toFixed(1)}%`);
    if (totalBytes > 0) parts.push(`${etaS} s to go`);
    return parts.join(", ");
  }

  #bar(): string {
    const done = Math.round((this.#progress.percent / 100) * BAR_LENGTH);
    return `[${"#".repeat(done)}${"-".repeat(BAR_LENGTH - done)}]`;
  }

  end(): void {
    this.#terminal?.write("\r\x1b[K");
  }
}
