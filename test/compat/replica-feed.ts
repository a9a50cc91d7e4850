import { RawReplica } from "../replication/raw-replica.ts";
import type { Client } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";

/** What a master's own clock makes it say at any time, whatever its clients do. */
const BY_ITSELF = /^(?:ping|replconf)$/i;

/** Collects what a server tells its replicas, command for command. */
export class ReplicaFeed {
  readonly #replica: RawReplica;

  private constructor(replica: RawReplica) {
    this.#replica = replica;
  }

  static async start(server: TestServer): Promise<ReplicaFeed> {
    return new ReplicaFeed(await RawReplica.open(server.port));
  }

  /** What was told since the last call, as far as the server has come when `asker` asks. */
  async toldSoFar(asker: Client): Promise<string[][]> {
    const info = (await asker.send("INFO", "replication")) as string;
    const offset = /^master_repl_offset:(\d+)\r$/m.exec(info)![1]!;
    await this.#replica.reached(Number(offset));
    return this.#replica.commands().filter(([name]) => !BY_ITSELF.test(name!));
  }

  /** The same, once a command was told that `isLast` knows. */
  async toldUntil(asker: Client, isLast: (command: readonly string[]) => boolean): Promise<string[][]> {
    await this.#replica.until(isLast);
    return this.toldSoFar(asker);
  }

  async close(): Promise<void> {
    await this.#replica.close();
  }
}
