export interface MemoryUse {
  /** Objects of JavaScript and buffers. LevelDB's own memory is not in it. */
  readonly usedBytes: number;
  /** Pages of the process that are in memory, everything included. */
  readonly residentBytes: number;
}

/** What the process takes of memory, and the most that it took when somebody looked. */
export class ProcessMemory {
  readonly startupBytes: number;
  #peakBytes = 0;
  #last: MemoryUse = { usedBytes: 0, residentBytes: 0 };

  constructor() {
    this.startupBytes = this.use().usedBytes;
  }

  /** To be asked now and then, so that the peak is one. */
  use(): MemoryUse {
    try {
      const { heapUsed, external, rss } = process.memoryUsage();
      this.#last = { usedBytes: heapUsed + external, residentBytes: rss };
    } catch {
      // Node.js opens a file to learn it, and no descriptor is free: what was known last stands.
    }
    this.#peakBytes = Math.max(this.#peakBytes, this.#last.usedBytes);
    return this.#last;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }
}
