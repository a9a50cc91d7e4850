import { expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { runCheck } from "../support/run-check.ts";
import { TestServer } from "../support/server.ts";

/**
 * What comes and goes is deleted before it has reached LevelDB, or just behind it, and a kill -9 comes at any moment of
 * that: nothing may come back, on disk neither.
 */

const ROUNDS = 5;
const STEPS_PER_ROUND = 150;
/** So much waits in a queue. */
const DEPTH = 40;
const BURST = 20;

/** Numbers go through a list, a set, a hash and a sorted set, and through keys of their own, one after the other. */
class Queue {
  readonly #name: string;
  /** All up to it were put in, and taken out, and that was acknowledged. */
  #first = 0;
  #next = 0;
  /** How many the step that is under way takes out. */
  #leaving = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Until the server dies. */
  async run(client: Client, onStep: () => void): Promise<void> {
    try {
      for (;;) {
        const numbers = Array.from({ length: BURST }, (_, i) => this.#next + i);
        // After a crash between the two transactions of a step there are more than otherwise.
        const taken = Math.max(this.#next + BURST - DEPTH - this.#first, 0);
        const gone = Array.from({ length: taken }, (_, i) => this.#first + i);
        this.#leaving = taken;
        const replies = await client.pipeline([
          ["MULTI"],
          ["RPUSH", this.#key("list"), ...numbers],
          ["SADD", this.#key("set"), ...numbers],
          ["HSET", this.#key("hash"), ...numbers.flatMap((n) => [n, "x"])],
          ["ZADD", this.#key("zset"), ...numbers.flatMap((n) => [n, n])],
          ["MSET", ...numbers.flatMap((n) => [this.#key(`k${n}`), n])],
          ["PEXPIRE", this.#key(`k${this.#next}`), 1_000_000],
          ["EXEC"],
          ["MULTI"],
          ["LPOP", this.#key("list"), taken],
          ["SREM", this.#key("set"), "none", ...gone],
          ["HDEL", this.#key("hash"), "none", ...gone],
          ["ZPOPMIN", this.#key("zset"), taken],
          ["DEL", "none", ...gone.map((n) => this.#key(`k${n}`))],
          ["EXEC"],
        ]);
        const refused = replies.find((reply) => reply instanceof Error);
        expect(refused).toBeUndefined();
        this.#next += BURST;
        this.#first += taken;
        onStep();
      }
    } catch (error) {
      if (!(error instanceof Error) || error.name === "AssertionError") throw error;
    }
  }

  #key(name: string): string {
    return `${this.#name}:${name}`;
  }

  /** Everything holds the same numbers, and they are what was acknowledged, or one step more. */
  async check(client: Client): Promise<void> {
    const list = ((await client.send("LRANGE", this.#key("list"), 0, -1)) as string[]).map(Number);
    const [first, last] = [list[0]!, list.at(-1)!];
    expect(list).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
    expect([this.#first, this.#first + this.#leaving]).toContain(first);
    expect([this.#next - 1, this.#next - 1 + BURST]).toContain(last);
    const inOrder = (members: unknown): number[] => (members as string[]).map(Number).sort((a, b) => a - b);
    expect(inOrder(await client.send("SMEMBERS", this.#key("set")))).toEqual(list);
    expect(inOrder(await client.send("HKEYS", this.#key("hash")))).toEqual(list);
    expect(inOrder(await client.send("ZRANGE", this.#key("zset"), 0, -1))).toEqual(list);
    const keys = (await client.send("KEYS", this.#key("k*"))) as string[];
    expect(inOrder(keys.map((key) => key.slice(this.#key("k").length)))).toEqual(list);
    this.#first = first;
    this.#next = last + 1;
  }
}

test.each(["50kb", "1mb"])(
  "nothing that was taken out comes back after kill -9, redo log of %s",
  { timeout: 120_000 },
  async (redoLogSize) => {
    // Elements of their own: they are written one by one.
    const args = ["--redo-log-size", redoLogSize];
    await using server = new TestServer({ kind: "leveldis", variant: "unpacked", args });
    await server.start();
    const queues = ["a", "b"].map((name) => new Queue(name));
    for (let round = 0; round < ROUNDS; round++) {
      const clients = await Promise.all(queues.map(() => server.connect()));
      let steps = 0;
      let killed: Promise<unknown> | undefined;
      const step = (): void => void (++steps >= STEPS_PER_ROUND && (killed ??= server.crash()));
      await Promise.all(queues.map((queue, i) => queue.run(clients[i]!, step)));
      await killed;
      await server.start();
      await using client = await server.connect();
      for (const queue of queues) await queue.check(client);
    }
    await server.stop();
    expect(await runCheck(server.dir)).toMatchObject({ code: 0 });
  },
);
