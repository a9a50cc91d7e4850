import type { LatencySeries } from "../../metrics/latency-monitor.ts";
import type { Server } from "../host.ts";

/** What LATENCY DOCTOR says. The first sentences are Redis'; the advice is for leveldis. */
export function latencyReport(server: Server, nowMs: number): string {
  const { latencyMonitorThreshold, slowlogLogSlowerThan } = server.config.values;
  const all = server.latency.all;
  if (all.length === 0) return latencyMonitorThreshold === 0 ? DISABLED : NOTHING;
  const spikes = all.map((series, i) => `${i + 1}. ${spikesOf(series, Math.floor(nowMs / 1000))}\n`);
  const advice: string[] = [];
  if (all.some(({ event }) => event === "command")) {
    const wanted = latencyMonitorThreshold * 1000;
    if (slowlogLogSlowerThan < 0) {
      advice.push(`The slow log is off. 'CONFIG SET slowlog-log-slower-than ${wanted}' turns it on.`);
    } else if (slowlogLogSlowerThan > wanted) {
      advice.push(
        "The slow log leaves out commands that are slow enough to be seen here. " +
          `Use 'CONFIG SET slowlog-log-slower-than ${wanted}'.`,
      );
    }
    advice.push("See which commands are slow with SLOWLOG GET: commands over many elements take their time.");
  }
  if (all.some(({ event }) => event === "fast-command")) {
    advice.push(
      "Commands that should take microseconds were held up: by other programs on the same processors, " +
        "or by the garbage collector (see record-cache-size).",
    );
  }
  return `${SPIKES}${spikes.join("")}\n${ADVICE}${advice.map((line) => `- ${line}\n`).join("")}`;
}

function spikesOf({ event, samples, worstMs }: LatencySeries, nowS: number): string {
  const average = Math.floor(samples.reduce((sum, { ms }) => sum + ms, 0) / samples.length);
  const deviation = samples.reduce((sum, { ms }) => sum + Math.abs(average - ms), 0) / samples.length;
  const period = Math.max(nowS - samples[0]!.timeS, 1) / samples.length;
  return (
    `${event}: ${samples.length} latency spikes (average ${average}ms, mean deviation ${Math.floor(deviation)}ms, ` +
    `period ${period.toFixed(2)} sec). Worst all time event ${worstMs}ms.`
  );
}

const DISABLED =
  "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use " +
  '"CONFIG SET latency-monitor-threshold <milliseconds>." in order to enable it. If we weren\'t in a deep space ' +
  "mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n";
const NOTHING =
  "Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I " +
  "honestly think you ought to sit down calmly, take a stress pill, and think things over.\n";
const SPIKES =
  "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n";
const ADVICE = "I have a few advices for you:\n\n";
