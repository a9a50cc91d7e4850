import type { BufferLimit } from "../config/special-option-types.ts";
import { BufferLimiter } from "../support/buffer-limiter.ts";

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
  readonly #limiter = new BufferLimiter();

  constructor(limit: () => BufferLimit, client: LimitedClient) {
    this.#limit = limit;
    this.#client = client;
  }

  isExceeded(): boolean {
    const { bytes } = this.#client.output;
    if (bytes > LIMIT_BEFORE_AUTH && this.#client.authRequired) return true;
    return this.#limiter.isExceeded(bytes, this.#limit());
  }
}
