import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/start.ts";
import { Instance } from "../../src/instance.ts";
import { Client } from "../support/client.ts";

/** A server in this process: many of them start in little time. Its data is in memory, or in the folder that `args` name. */
export class SeededInstance implements AsyncDisposable {
  readonly log: string[];
  readonly client: Client;
  readonly instance: Instance;
  readonly #folder: string;

  private constructor(instance: Instance, client: Client, log: string[], folder: string) {
    this.instance = instance;
    this.client = client;
    this.log = log;
    this.#folder = folder;
  }

  /** Rejects as a start does. */
  static async start(...args: readonly string[]): Promise<SeededInstance> {
    const folder = mkdtempSync(join(tmpdir(), "leveldis-seeded-"));
    const fixed = ["--port", "0", "--enable-debug-command", "yes"];
    const place = args.includes("--dir") ? [] : ["--backend", "memory", "--dir", folder];
    const start = loadConfig([...fixed, ...place, ...args], {});
    if (start.kind !== "run") throw new Error("no start");
    const log: string[] = [];
    try {
      const instance = await Instance.start(
        start.config,
        (_, message) => void log.push(message),
        () => undefined,
      );
      const client = await Client.connect({ port: instance.server.port });
      return new SeededInstance(instance, client, log, folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.instance.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
