import type { Client } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import { Status } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { nowMicroseconds } from "../support/clock.ts";
import { quoted } from "../support/split-args.ts";
import { withoutSecrets } from "./secrets.ts";

/** The clients that said MONITOR: they are sent a line for each command that runs. */
export class Monitors {
  readonly #clients = new Set<Client>();

  /** Costs nothing while nobody listens. */
  get isEmpty(): boolean {
    return this.#clients.size === 0;
  }

  add(client: Client): void {
    client.isMonitor = true;
    this.#clients.add(client);
  }

  /**
   * Tells of a command that `client` ran, in the database that it has selected now. What administers the server is
   * not shown: it is nobody's business.
   */
  feed(client: Client, command: Command, args: readonly Bytes[], dbIndex: number): void {
    if (command.isSkippedByMonitor || command.isAdmin) return;
    this.#show(sourceOf(client), withoutSecrets(command, args), dbIndex);
  }

  /** Tells of a command that a script has called. */
  feedFromScript(command: Command, args: readonly Bytes[], dbIndex: number): void {
    if (command.isSkippedByMonitor || command.isAdmin) return;
    this.#show("lua", withoutSecrets(command, args), dbIndex);
  }

  /** Tells of a client that runs a script: ahead of what the script calls. */
  feedScript(client: Client, args: readonly Bytes[], dbIndex: number): void {
    this.#show(sourceOf(client), args, dbIndex);
  }

  #show(source: Bytes, args: readonly Bytes[], dbIndex: number): void {
    const us = nowMicroseconds();
    const time = `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, "0")}`;
    const shown = args.map(quoted).join(" ");
    const line = new Status(`${time} [${dbIndex} ${source}] ${shown}`);
    for (const monitor of this.#clients) {
      if (monitor.isMonitor && !monitor.isClosed) monitor.push(line, 0);
      else this.#clients.delete(monitor);
    }
  }
}

function sourceOf(client: Client): Bytes {
  return client.isUnix ? `unix:${client.address.replace(/:0$/, "")}` : client.address;
}
