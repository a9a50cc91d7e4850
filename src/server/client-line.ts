import type { Bytes } from "../support/bytes.ts";
import type { Connection } from "./connection.ts";

/** What a session takes without any buffers: objects, its socket, the reader. Measured, rounded. */
const SESSION_BYTES = 4096;

/**
 * A line of CLIENT LIST, field for field as Redis 7.0 prints it. Buffers are ours: `qbuf` is what was read
 * and not run yet, `obl` replies that wait for their batch, `oll` and `omem` what waits for the socket.
 * Nothing is reserved ahead, so `qbuf-free` is 0 and `rbs` and `rbp` are what is there.
 */
export function describeClient(session: Connection, nowMs: number): Bytes {
  const { output } = session;
  const held = output.heldBytes;
  const waiting = session.replica?.waitingBytes ?? output.bytes - held;
  const queryBytes = session.inputBytes;
  const argumentBytes = session.argumentBytes;
  const transactionBytes = session.transaction?.bytes ?? 0;
  const fields: (readonly [string, string | number])[] = [
    ["id", session.id],
    ["addr", session.address],
    ["laddr", session.localAddress],
    ["fd", session.descriptor],
    ["name", session.name],
    ["age", seconds(nowMs) - seconds(session.createdAtMs)],
    ["idle", seconds(nowMs) - seconds(session.lastInteractionMs)],
    ["flags", flags(session)],
    ["db", session.dbIndex],
    ["sub", session.subscriptions.channel.size],
    ["psub", session.subscriptions.pattern.size],
    ["ssub", session.subscriptions.shardChannel.size],
    ["multi", session.transaction?.queue.length ?? -1],
    ["qbuf", queryBytes],
    ["qbuf-free", 0],
    ["argv-mem", argumentBytes],
    ["multi-mem", transactionBytes],
    ["rbs", waiting],
    ["rbp", waiting],
    ["obl", held],
    ["oll", output.partCount],
    ["omem", waiting],
    ["tot-mem", SESSION_BYTES + queryBytes + argumentBytes + transactionBytes + output.bytes],
    ["events", `${session.isReading ? "r" : ""}${session.isWriting ? "w" : ""}`],
    ["cmd", session.lastCommand === "" ? "NULL" : session.lastCommand],
    ["user", session.user],
    ["redir", session.tracking?.redirectTo ?? -1],
    ["resp", session.resp],
  ];
  // Redis 7.2 has these two; who never sends CLIENT SETINFO sees the line of 7.0.
  if (session.libraryName !== "" || session.libraryVersion !== "") {
    fields.push(["lib-name", session.libraryName], ["lib-ver", session.libraryVersion]);
  }
  return fields.map(([name, value]) => `${name}=${value}`).join(" ");
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function trackingFlags({ tracking }: Connection): string {
  if (tracking === null) return "";
  return `t${tracking.isBroken ? "R" : ""}${tracking.mode === "broadcast" ? "B" : ""}`;
}

function flags(session: Connection): string {
  const letters =
    (session.isMonitor ? "O" : "") +
    (session.type === "replica" ? "S" : "") +
    (session.type === "master" ? "M" : "") +
    (session.type === "pubsub" ? "P" : "") +
    (session.transaction !== null ? "x" : "") +
    (session.blocked ? "b" : "") +
    trackingFlags(session) +
    (session.hasTouchedWatches ? "d" : "") +
    (session.isClosing ? "c" : "") +
    (session.isUnix ? "U" : "") +
    (session.noEvict ? "e" : "");
  return letters === "" ? "N" : letters;
}
