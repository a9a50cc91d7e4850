import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { NAME, PASSWORD } from "./sentinels.ts";

/** Writes all the time to whom the Sentinels name, and knows what a replica confirmed (WAIT 1). */
export class ConfirmedWriter {
  readonly confirmed: string[] = [];
  readonly #redis: Redis;
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(sentinelPorts: readonly number[]) {
    this.#redis = new Redis({
      sentinels: sentinelPorts.map((port) => ({ host: "127.0.0.1", port })),
      name: NAME,
      password: PASSWORD,
      // No failoverDetector: it ends the client for good when it hears of the new master while that is being looked for.
      retryStrategy: () => 100,
      sentinelRetryStrategy: () => 100,
      maxRetriesPerRequest: 0,
      // A WAIT that is sent again alone, to another server, confirms nothing.
      autoResendUnfulfilledCommands: false,
    });
    this.#redis.on("error", () => undefined);
    this.#done = this.#write();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
    this.#redis.disconnect();
  }

  async #write(): Promise<void> {
    for (let n = 1; !this.#isStopped; n++) {
      const key = `write:${n}`;
      // The rest of the machine gets its turn; without a server, so does the reconnection.
      await setTimeout((await this.#isConfirmed(key)) ? 2 : 50);
    }
  }

  async #isConfirmed(key: string): Promise<boolean> {
    try {
      const results = await this.#redis.pipeline().set(key, key).wait(1, 5000).exec();
      const [[setError], [waitError, replicas]] = results as [[unknown], [unknown, number]];
      if (setError !== null || waitError !== null || replicas < 1) return false;
    } catch {
      return false;
    }
    this.confirmed.push(key);
    return true;
  }
}
