import { Config } from "../../src/config/config.ts";
import { initialValues, type Values } from "../../src/config/options.ts";
import { CLIENT } from "../../src/commands/client.ts";
import type { Context } from "../../src/commands/command.ts";
import { CONNECTION } from "../../src/commands/connection.ts";
import { CommandTable } from "../../src/commands/table.ts";
import { WaitFor } from "../../src/commands/wait-for.ts";
import { CommandError } from "../../src/errors.ts";
import type { Caller, PENDING } from "../../src/executor/caller.ts";
import type { Statistics } from "../../src/executor/statistics.ts";
import { Monitors } from "../../src/executor/monitors.ts";
import type { Reply } from "../../src/resp/reply.ts";
import { Server } from "../../src/server/server.ts";
import type { BatchWaiter } from "../../src/storage/committer.ts";
import type { Bytes } from "../../src/support/bytes.ts";

/** What the script makes of a request; undefined leaves it to the commands of the connection group. */
export type Script = (
  args: readonly Bytes[],
  caller: Caller,
) => Reply | typeof PENDING | { readonly reply: Reply; readonly batch: number } | undefined;

/** Stands for the committer: batches are written, or fail, when the test says so. */
class ScriptedCommits {
  written = 0;
  readonly #waiting: { readonly batch: number; readonly waiter: BatchWaiter }[] = [];

  wait(batch: number, waiter: BatchWaiter): void {
    this.#waiting.push({ batch, waiter });
    this.#waiting.sort((a, b) => a.batch - b.batch);
  }

  gather(work: () => void): void {
    work();
  }

  finish(batch: number, error: Error | null = null): void {
    this.written = batch;
    while (this.#waiting.length > 0 && this.#waiting[0]!.batch <= batch) {
      this.#waiting.shift()!.waiter.batchDone(error);
    }
  }
}

/** A server whose listeners and sessions are real and whose commands are scripted. */
export class ScriptedServer implements AsyncDisposable {
  readonly commits = new ScriptedCommits();
  readonly log: string[] = [];
  readonly server: Server;

  private constructor(values: Partial<Values>, script: Script) {
    const commands = new CommandTable([CONNECTION, CLIENT]);
    const executor = {
      statistics: { commandsProcessed: 0, countError: () => {} } as unknown as Statistics,
      monitors: new Monitors(),
      replyBatch: 0,
      watches: { unwatch: () => {}, isTouched: () => false },
      blocked: { isWaiting: () => false, isWaitingFor: () => false, release: () => {}, fail: () => {} },
      forget: () => {},
      touch: () => 0,
      touchFor: () => 0,
      readAhead: () => [],
      busy: { script: null },
      execute: (caller: Caller, args: readonly Bytes[]): Reply | typeof PENDING => {
        executor.replyBatch = 0;
        const result = script(args, caller);
        if (result === undefined) return this.#run(commands, caller, args);
        if (typeof result === "object" && result !== null && "batch" in result) {
          executor.replyBatch = result.batch;
          return result.reply;
        }
        return result;
      },
    };
    this.server = new Server({
      config: new Config({ ...initialValues(), port: 0, ...values }),
      commands,
      executor,
      commits: this.commits,
      // Nothing that these tests send asks for them.
      expiryWalk: {} as never,
      collector: {} as never,
      disk: {} as never,
      saver: {} as never,
      logRewrite: {} as never,
      reload: {} as never,
      backup: {} as never,
      scripting: {} as never,
      replication: { upstream: { inputBytes: 0 }, stream: { isKept: false } } as never,
      log: (_level, message) => void this.log.push(message),
      onShutdown: () => {},
    });
  }

  static async start(
    script: Script = () => undefined,
    values: Partial<Values> = {},
  ): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(values, script);
    await scripted.server.start();
    return scripted;
  }

  get port(): number {
    return this.server.port;
  }

  #run(commands: CommandTable, caller: Caller, args: readonly Bytes[]): Reply {
    try {
      const command = commands.resolve(args);
      command.checkArity(args.length);
      caller.lastCommand = command.fullName;
      if (caller.authRequired && !command.isNoAuth) throw new CommandError("NOAUTH Authentication required.");
      const context = { client: caller, server: this.server, nowMs: Date.now(), resp: caller.resp };
      const result = command.run!(context as unknown as Context, args);
      return result instanceof WaitFor ? result.timeoutReply : result;
    } catch (error) {
      if (error instanceof CommandError) return error.reply;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [...this.server.clients]) client.close();
    await this.server.stop();
  }
}
