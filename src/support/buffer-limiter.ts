/** How much may wait, at once and for longer: Redis' limits of output buffers. 0: no limit. */
interface Limit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

/** Whether more waits than may. */
export class BufferLimiter {
  /** Since when the soft limit is exceeded; 0: it is not. */
  #softSinceMs = 0;

  isExceeded(bytes: number, { hardBytes, softBytes, softSeconds }: Limit): boolean {
    if (hardBytes > 0 && bytes >= hardBytes) return true;
    if (softBytes === 0 || bytes < softBytes) {
      this.#softSinceMs = 0;
      return false;
    }
    // Not asked for before it is needed: this is looked at with each reply.
    const nowMs = Date.now();
    if (this.#softSinceMs === 0) this.#softSinceMs = nowMs;
    return nowMs - this.#softSinceMs > softSeconds * 1000;
  }
}
