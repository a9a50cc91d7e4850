import type { Client, Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import type { Bytes } from "../support/bytes.ts";
import { withoutSecrets } from "./secrets.ts";

/** Whether the slow log or the latency monitor wants to know of a call that took so long. */
export function isSlow({ config }: Server, tookMs: number): boolean {
  const { latencyMonitorThreshold, slowlogLogSlowerThan } = config.values;
  if (latencyMonitorThreshold > 0 && tookMs >= latencyMonitorThreshold) return true;
  return slowlogLogSlowerThan >= 0 && tookMs * 1000 >= slowlogLogSlowerThan;
}

/** Puts a call that took long into the slow log and the latency monitor, where their options say so. */
export function recordIfSlow(
  server: Server,
  client: Pick<Client, "address" | "name">,
  command: Command,
  args: readonly Bytes[],
  tookMs: number,
): void {
  const { latencyMonitorThreshold, slowlogLogSlowerThan } = server.config.values;
  if (latencyMonitorThreshold > 0 && tookMs >= latencyMonitorThreshold) {
    server.latency.add(command.isFast ? "fast-command" : "command", Math.floor(tookMs), Date.now());
  }
  if (slowlogLogSlowerThan < 0 || command.isSkippedBySlowlog) return;
  const durationUs = Math.floor(tookMs * 1000);
  if (durationUs >= slowlogLogSlowerThan) {
    server.slowLog.add({
      timeS: Math.floor(Date.now() / 1000),
      durationUs,
      args: withoutSecrets(command, args),
      clientAddress: client.address,
      clientName: client.name,
    });
  }
  server.slowLog.trim();
}
