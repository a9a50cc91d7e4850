import type { BufferLimit } from "../config/special-option-types.ts";

/** Redis' limit for clients that have not logged in: what its fixed reply buffer holds. */
const LIMIT_BEFORE_AUTH = 16 * 1024;

export interface LimitedClient {
  readonly authRequired: boolean;
  readonly output: { readonly bytes: number };
}

/** `client-output-buffer-limit`: how much a client may leave unread, and how long. */
export class OutputLimiter {
  readonly #limit: () => BufferLimit;
  readonly #client: LimitedClient;
  /** Since when the soft limit is exceeded; 0: it is not. */
  #softSinceMs = 0;

  constructor(limit: () => BufferLimit, client: LimitedClient) {
    this.#limit = limit;
    this.#client = client;
  }

  isExceeded(nowMs: number): boolean {
    const { bytes } = this.#client.output;
    if (bytes === 0) {
      this.#softSinceMs = 0;
      return false;
    }
    if (bytes > LIMIT_BEFORE_AUTH && this.#client.authRequired) return true;
    const { hardBytes, softBytes, softSeconds } = this.#limit();
    if (hardBytes > 0 && bytes >= hardBytes) return true;
    if (softBytes === 0 || bytes < softBytes) {
      this.#softSinceMs = 0;
      return false;
    }
    if (this.#softSinceMs === 0) this.#softSinceMs = nowMs;
    return nowMs - this.#softSinceMs > softSeconds * 1000;
  }
}
