/** How often the line is written anew. */
const INTERVAL_MS = 100;
const CLEAR = "\r\x1b[K";

/** What is being done, on one line of a terminal; nothing where standard error is none. */
export class ProgressLine {
  #shownAtMs = 0;

  show(text: string): void {
    if (!process.stderr.isTTY) return;
    const nowMs = performance.now();
    if (nowMs - this.#shownAtMs < INTERVAL_MS) return;
    this.#shownAtMs = nowMs;
    process.stderr.write(`${CLEAR}${text.slice(0, process.stderr.columns - 1)}`);
  }

  clear(): void {
    if (this.#shownAtMs > 0) process.stderr.write(CLEAR);
  }
}
