import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { setTimeout } from "node:timers/promises";

const START_MS = 30_000;

/** A program other than the server that listens on a port: started, awaited, ended by its process id. */
export class Daemon {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
    this.#ended = Promise.race([once(child, "close"), once(child, "error")]).catch((error: Error) => {
      this.#output += error.message;
    });
    const take = (chunk: Buffer): void => {
      this.#output += chunk.toString("utf8");
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
  }

  /** Returns when something accepts connections on the port; fails, with the output, when the program ends before. */
  static async start(program: string, args: readonly string[], port: number): Promise<Daemon> {
    const daemon = new Daemon(port, spawn(program, [...args], { stdio: ["ignore", "pipe", "pipe"] }));
    let hasEnded = false;
    void daemon.#ended.then(() => (hasEnded = true));
    for (const startedMs = performance.now(); !(await accepts(port)); await setTimeout(20)) {
      if (!hasEnded && performance.now() - startedMs < START_MS) continue;
      await daemon.close();
      throw new Error(`${program} ${args.join(" ")} does not listen on ${port}\n${daemon.output}`);
    }
    return daemon;
  }

  get output(): string {
    return this.#output;
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
