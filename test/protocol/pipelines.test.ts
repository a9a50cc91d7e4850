import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { encodeCommand } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";
import { conversation } from "./conversation.ts";

const server = useServer();

/** What leveldis reads at once (server/client-socket.ts). */
const INPUT_BYTES = 64 * 1024;

/** Commands in both forms, with bytes that look like protocol inside of bulks. */
const requests = [
  encodeCommand(["SET", "k", "*1\r\n$4\r\nPING\r\n"]).latin1Slice(),
  "\r\n",
  'ECHO "a b\\r\\n"\r\n',
  encodeCommand(["GET", "k"]).latin1Slice(),
  "*0\r\n",
  encodeCommand(["ECHO", ""]).latin1Slice(),
  "PING\n",
  encodeCommand(["STRLEN", "k"]).latin1Slice(),
].join("");
const replies = "+OK\r\n$5\r\na b\r\n\r\n$14\r\n*1\r\n$4\r\nPING\r\n\r\n$0\r\n\r\n+PONG\r\n:14\r\n";

describe("requests that arrive in pieces", () => {
  test("all at once", async () => {
    expect(await conversation(server, [requests], "goes on")).toBe(replies);
  });

  test("cut in two at every byte", async () => {
    for (let at = 1; at < requests.length; at++) {
      const parts = [requests.slice(0, at), requests.slice(at)];
      expect(await conversation(server, parts, "goes on"), `cut at ${at}`).toBe(replies);
    }
  });

  test("byte by byte", async () => {
    expect(await conversation(server, [...requests], "goes on")).toBe(replies);
  });

  test("a protocol error that is cut at every byte is told once, after the replies before it", async () => {
    const bytes = "PING\r\n*2\r\n$4\r\nECHO\r\n$x\r\nPING\r\n";
    for (let at = 1; at < bytes.length; at++) {
      expect(
        await conversation(server, [bytes.slice(0, at), bytes.slice(at)], "closes"),
        `cut at ${at}`,
      ).toBe("+PONG\r\n-ERR Protocol error: invalid bulk length\r\n");
    }
  });
});

describe("pipelines", () => {
  test("100,000 commands in one write are answered in order", async () => {
    await using client = await server.connect();
    const commands = Array.from({ length: 100_000 }, (_, i) => ["ECHO", String(i)]);
    expect(await client.pipeline(commands)).toEqual(commands.map((command) => command[1]));
  });

  test("reads and writes of one pipeline see each other", async () => {
    await using client = await server.connect();
    await client.send("DEL", "n");
    const commands = Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? ["INCR", "n"] : ["GET", "n"]));
    const expected = commands.map((_, i) => (i % 2 === 0 ? i / 2 + 1 : String((i + 1) / 2)));
    expect(await client.pipeline(commands)).toEqual(expected);
  });

  test("an error in the middle stops nothing", async () => {
    await using client = await server.connect();
    const commands = [["SET", "k", "v"], ["INCR", "k"], ["NOPE"], ["GET", "k"], ["GET"], ["PING"]];
    const got = await client.pipelineRaw(commands);
    expect(got.map((reply) => reply.latin1Slice())).toEqual([
      "+OK\r\n",
      "-ERR value is not an integer or out of range\r\n",
      "-ERR unknown command 'NOPE', with args beginning with: \r\n",
      "$1\r\nv\r\n",
      "-ERR wrong number of arguments for 'get' command\r\n",
      "+PONG\r\n",
    ]);
  });

  test("a client that sends much before it reads gets all replies", async () => {
    await using client = await server.connect({ timeoutMs: 60_000 });
    const value = "x".repeat(100_000);
    await client.send("SET", "big", value);
    client.pause();
    const count = 500;
    client.write(Buffer.concat(Array.from({ length: count }, () => encodeCommand(["GET", "big"]))));
    client.resume();
    for (let i = 0; i < count; i++) expect((await client.readRaw()).length).toBe(value.length + 11);
  });

  test("a client that hangs up its side behind what fills the input buffer gets all replies", async () => {
    const ping = "*1\r\n$4\r\nPING\r\n";
    const count = Math.floor(INPUT_BYTES / ping.length);
    // An empty line is no request.
    const sent = ping.repeat(count) + "\r\n".repeat((INPUT_BYTES - count * ping.length) / 2);
    expect(sent.length).toBe(INPUT_BYTES);
    await using sleeper = await server.connect();
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("PING\r\n");
    await once(socket, "data");
    // All of it and its end are there when the server looks.
    const slept = sleeper.send("DEBUG", "SLEEP", "0.3");
    await new Promise<void>((resolve) => socket.end(sent, "latin1", resolve));
    let text = "";
    for await (const part of socket) text += (part as Buffer).latin1Slice();
    await slept;
    expect(text).toBe("+PONG\r\n".repeat(count));
  });
});
