/** The version of an RDB file: which encodings it uses. */
export class VersionNeed {
  /** What was chosen. */
  readonly version: number;
  #needed: number;
  /** What in the data asked for more than was chosen. */
  readonly reasons = new Set<string>();

  constructor(version: number) {
    this.version = version;
    this.#needed = version;
  }

  /** The lowest version, not below the chosen one, that holds all that was written. */
  get needed(): number {
    return this.#needed;
  }

  raise(version: number, reason: string): void {
    if (version <= this.version) return;
    this.reasons.add(reason);
    this.#needed = Math.max(this.#needed, version);
  }
}
