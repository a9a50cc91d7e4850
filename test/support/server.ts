import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client, type ClientOptions } from "./client.ts";
import { freePort } from "./port.ts";
import { startCommand } from "./start-command.ts";
import { optionsOf, redisOptionsOf, type Variant, variant } from "./variant.ts";

export type ServerKind = "leveldis" | "redis";

export interface ServerOptions {
  /** Default: what `TEST_SERVER` names, else leveldis. */
  readonly kind?: ServerKind;
  /** More options, as on the command line: `["--requirepass", "secret"]`. */
  readonly args?: readonly string[];
  /** A configuration file to start with, before the options. */
  readonly configFile?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the variant of this run. */
  readonly variant?: Variant;
  /** Data folder; default: a temporary one, removed by `close`. */
  readonly dir?: string;
  /** The folder of the build that is run; default: what `TEST_DIST` names, else `dist`. */
  readonly dist?: string;
  /** What it has to do before it is ready may take so long. */
  readonly startLimitMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const READY = "Ready to accept connections";
const START_MS = 30_000;
const STOP_MS = 30_000;

/**
 * A server of our own on a free port of the loopback interface, with a folder of its own. `start` returns when it
 * says that it accepts connections; it ends by its process id and is waited for, so nothing stays behind.
 */
export class TestServer {
  readonly kind: ServerKind;
  readonly #options: ServerOptions;
  #port = 0;
  #dir: string;
  #ownsDir = false;
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> | undefined;
  #output = "";

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    this.kind = options.kind ?? defaultKind();
    this.#dir = options.dir ?? "";
  }

  get port(): number {
    return this.#port;
  }

  get dir(): string {
    return this.#dir;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("the server is not running");
    return this.#child.pid;
  }

  /** All that the server printed so far, over all starts. */
  get log(): string {
    return this.#output;
  }

  /** Fails, with the log, when the server ends or stays silent instead of getting ready. */
  async start(): Promise<void> {
    if (this.#dir === "") {
      this.#dir = await mkdtemp(join(tmpdir(), "leveldis-test-"));
      this.#ownsDir = true;
    }
    // Another process can take the port between our look and the server's listen.
    for (let attempt = 1; ; attempt++) {
      if (this.#port === 0) this.#port = await freePort();
      try {
        await this.#startOnce();
        return;
      } catch (cause) {
        const portTaken = /in use|Failed listening on port/.test((cause as Error).message);
        if (!portTaken || attempt === 5) throw cause;
        this.#port = 0;
      }
    }
  }

  connect(options: Omit<ClientOptions, "port" | "host"> = {}): Promise<Client> {
    return Client.connect({ port: this.#port, ...options });
  }

  /** A client that speaks RESP3. */
  async connect3(): Promise<Client> {
    const client = await this.connect();
    await client.sendRaw("HELLO", "3");
    return client;
  }

  /** Asks the server to stop (SIGTERM), and waits for its end. */
  stop(): Promise<Exit> {
    return this.signal("SIGTERM");
  }

  /** Ends the server as a crash would (SIGKILL), and waits for its end. */
  crash(): Promise<Exit> {
    return this.signal("SIGKILL");
  }

  /** Sends a signal and waits for the process to end. */
  async signal(signal: NodeJS.Signals): Promise<Exit> {
    if (this.#child === undefined) throw new Error("the server is not running");
    this.#child.kill(signal);
    return this.exited();
  }

  /** Waits for the process to end by itself. */
  async exited(): Promise<Exit> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the server did not end within ${STOP_MS} ms\n${this.log}`)),
        STOP_MS,
      );
    });
    try {
      return await Promise.race([this.#exit!, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops the server in order and starts it on the same folder and port. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends the server with SIGKILL and starts it on the same folder and port. */
  async crashAndRestart(): Promise<void> {
    await this.crash();
    await this.start();
  }

  /** Ends what still runs and removes the folder that `start` made. */
  async close(): Promise<void> {
    if (this.#child !== undefined) await this.crash();
    if (this.#ownsDir) await rm(this.#dir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #startOnce(): Promise<void> {
    if (this.#child !== undefined) throw new Error("the server is running already");
    const [program, ...args] = this.#commandLine();
    const child = spawn(program!, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...this.#options.env },
    });
    this.#child = child;
    const outputStart = this.#output.length;
    let announceReady = (): void => {};
    const ready = new Promise<void>((resolve) => (announceReady = resolve));
    const take = (chunk: Buffer): void => {
      this.#output += chunk.toString("utf8");
      if (this.#output.includes(READY, outputStart)) announceReady();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    let spawnError: Error | undefined;
    child.once("error", (cause) => (spawnError = cause));
    this.#exit = new Promise((resolve) => {
      // `close` comes after the last byte of output, but not when the program could not be started.
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (this.#child === child) this.#child = undefined;
        resolve({ code, signal });
      };
      child.once("close", end);
      child.once("error", () => end(null, null));
    });
    const { startLimitMs = START_MS } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), startLimitMs);
    });
    const first = await Promise.race([ready, this.#exit, late]);
    clearTimeout(timer);
    if (first === undefined) return;
    if (first === "late") await this.crash();
    const what =
      first === "late" ? `is not ready after ${startLimitMs} ms` : `ended with ${first.code ?? first.signal}`;
    const text = this.#output.slice(outputStart);
    throw new Error(`${program} ${args.join(" ")} ${what}\n${text}`, { cause: spawnError });
  }

  #commandLine(): string[] {
    const { args = [], configFile } = this.#options;
    const file = configFile === undefined ? [] : [configFile];
    const place = ["--port", String(this.#port), "--dir", this.#dir];
    const chosen = this.#options.variant ?? variant;
    if (this.kind === "redis") {
      const local = ["--save", "", "--bind", "127.0.0.1"];
      return ["redis-server", ...file, ...local, ...place, ...redisOptionsOf(chosen), ...args];
    }
    const main = resolve(this.#options.dist ?? process.env["TEST_DIST"] ?? "dist", "main.js");
    return [...startCommand(main), ...file, ...place, ...optionsOf(chosen), ...args];
  }
}

/** `TEST_SERVER=redis` runs the tests against the real server: it must pass them too. */
export function defaultKind(): ServerKind {
  const name = process.env["TEST_SERVER"] ?? "leveldis";
  if (name !== "leveldis" && name !== "redis") throw new Error("TEST_SERVER is leveldis or redis");
  return name;
}
