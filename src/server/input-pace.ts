import type { Socket } from "node:net";
import type { Config } from "../config/config.ts";
import type { InputBudget } from "./input-budget.ts";

/** Reads the socket of a session, or lets it wait, so that the client's own system holds what it sends. */
export class InputPace {
  readonly #socket: Socket;
  readonly #config: Config;
  readonly #budget: InputBudget;
  #accountedBytes = 0;
  isReading = true;

  constructor(socket: Socket, config: Config, budget: InputBudget) {
    this.#socket = socket;
    this.#config = config;
    this.#budget = budget;
  }

  /**
   * @param isTaking requests are taken: then what waits is the beginning of one, and its rest is needed
   * @param waitingBytes of requests, in memory
   */
  update(isTaking: boolean, waitingBytes: number): void {
    this.#account(waitingBytes);
    const limit = Math.min(this.#budget.perClient, this.#config.values.clientQueryBufferLimit / 2);
    const isReading = isTaking || waitingBytes < limit;
    if (isReading === this.isReading) return;
    this.isReading = isReading;
    if (isReading) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Reads whatever comes, which nobody keeps. */
  drop(): void {
    this.#account(0);
    this.#socket.resume();
  }

  #account(bytes: number): void {
    this.#budget.account(bytes - this.#accountedBytes);
    this.#accountedBytes = bytes;
  }
}
