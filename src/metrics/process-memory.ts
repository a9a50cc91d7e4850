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

  constructor() {
    this.startupBytes = this.use().usedBytes;
  }

  /** To be asked now and then, so that the peak is one. */
  use(): MemoryUse {
    const { heapUsed, external, rss } = process.memoryUsage();
    const usedBytes = heapUsed + external;
    this.#peakBytes = Math.max(this.#peakBytes, usedBytes);
    return { usedBytes, residentBytes: rss };
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }
}
