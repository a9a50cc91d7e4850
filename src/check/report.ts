/** Problems of one kind that are shown; the rest are counted. */
const MAX_SHOWN = 10;

/** What a check has found, and how far it is. */
export class Report {
  /** Lines of what there is. */
  readonly facts: string[] = [];
  readonly #shown: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #onProgress: (text: string) => void;
  #problems = 0;

  /** `onProgress` is told what is being done, often. */
  constructor(onProgress: (text: string) => void) {
    this.#onProgress = onProgress;
  }

  get problems(): number {
    return this.#problems;
  }

  /** `kind` tells what of it there may be many of; `detail` which one it is. */
  problem(kind: string, detail: string): void {
    this.#problems++;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= MAX_SHOWN) this.#shown.push(`${kind}: ${detail}`);
  }

  progress(text: string): void {
    this.#onProgress(text);
  }

  /** For people: what there is, what is wrong, the verdict. */
  lines(): string[] {
    const lines = [...this.facts];
    for (const problem of this.#shown) lines.push(`DAMAGE ${problem}`);
    for (const [kind, count] of this.#counts) {
      if (count > MAX_SHOWN) lines.push(`DAMAGE ${kind}: ${count - MAX_SHOWN} more`);
    }
    const verdict =
      this.#problems === 0
        ? "No damage found."
        : this.#problems === 1
          ? "1 problem found."
          : `${this.#problems} problems found.`;
    return [...lines, verdict];
  }
}
