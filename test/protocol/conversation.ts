import type { Client } from "../support/client.ts";
import { encodeCommand } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";

/** What follows the bytes: the server hangs up, or answers the next command. */
export type End = "closes" | "goes on";

/** Answered alike in any state: before a login, and in both protocols. */
const question = encodeCommand(["HELLO", "99"]);
const answer = "-NOPROTO unsupported protocol version\r\n";

/** All bytes that the server answers to `parts` on a new connection, which it reads one after the other. */
export async function conversation(server: TestServer, parts: readonly string[], end: End): Promise<string> {
  await using client = await server.connect();
  await using other = await server.connect();
  await sendApart(client, other, parts);
  if (end === "closes") return (await client.readUntilClosed()).latin1Slice();
  client.write(question);
  let received = "";
  while (!received.endsWith(answer)) received += (await client.readRaw()).latin1Slice();
  return received.slice(0, -answer.length);
}

/**
 * Writes each part when the server has read the one before. Bytes sent over the loopback interface have arrived
 * when the write returns, so a reply on another connection, asked for later, tells that the server took them.
 */
async function sendApart(client: Client, other: Client, parts: readonly string[]): Promise<void> {
  for (const part of parts) {
    client.write(part);
    if (parts.length > 1) await other.send("PING");
  }
}
