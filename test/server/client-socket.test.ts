import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ClientSocket } from "../../src/server/client-socket.ts";

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Both ends of a connection. */
async function pair(): Promise<{ client: Socket; socket: ClientSocket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  const socket = new ClientSocket(accepted);
  socket.on("error", () => undefined);
  client.on("error", () => undefined);
  cleanups.push(() => {
    socket.destroy();
    client.destroy();
    server.close();
  });
  return { client, socket };
}

const line = (n: number): string => `${String(n).padStart(9, "0")}\n`;

test("nothing overtakes what the system has not taken yet", async () => {
  const { client, socket } = await pair();
  client.pause();
  let sent = 0;
  // More than the system holds for the two.
  while (socket.writableLength === 0 && sent < 1_000_000) {
    let lines = "";
    for (let i = 0; i < 5000; i++) lines += line(sent++);
    socket.send(lines);
  }
  expect(socket.writableLength).toBeGreaterThan(0);
  let received = "";
  let at = 0;
  const isOver = new Promise<void>((resolve, reject) => {
    client.on("data", (chunk) => {
      received += chunk.toString("latin1");
      for (; received.length >= 10; received = received.slice(10)) {
        const next = received.slice(0, 10);
        if (next !== line(at)) reject(new Error(`${next} where ${at} was due`));
        at++;
      }
      // There is room again, and what waits has not gone on yet.
      if (sent < 1_500_000 && socket.writableLength > 0) socket.send(line(sent++));
      if (at === sent) resolve();
    });
  });
  client.resume();
  await isOver;
  expect(at).toBe(sent);
  expect(socket.writableLength).toBe(0);
}, 30_000);

test("bytes are those of whoever sent them, and the end is told", async () => {
  const pairs = await Promise.all(Array.from({ length: 5 }, pair));
  const texts = pairs.map(() => "");
  const ends = pairs.map(({ socket }) => once(socket, "end"));
  pairs.forEach(({ socket }, i) => socket.receive((bytes) => (texts[i] += bytes.latin1Slice())));
  for (let round = 0; round < 20; round++) {
    pairs.forEach(({ client }, i) => client.write(`${i}:${round};`));
    await new Promise(setImmediate);
  }
  for (const { client } of pairs) client.end();
  await Promise.all(ends);
  pairs.forEach((_, i) => {
    expect(texts[i]).toBe(Array.from({ length: 20 }, (_round, round) => `${i}:${round};`).join(""));
  });
});

test("what is paused is not read, and is there afterwards", async () => {
  const { client, socket } = await pair();
  let text = "";
  socket.receive((bytes) => (text += bytes.latin1Slice()));
  client.write("a");
  await expect.poll(() => text).toBe("a");
  socket.pause();
  client.write("b");
  // Whatever came before this was taken.
  socket.send("x");
  await once(client, "data");
  await new Promise(setImmediate);
  expect(text).toBe("a");
  socket.resume();
  await expect.poll(() => text).toBe("ab");
});

test("a connection that the other side has broken closes", async () => {
  const { client, socket } = await pair();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.receive(() => undefined);
  client.resetAndDestroy();
  const sending = setInterval(() => socket.send("x".repeat(1000)), 1);
  await closed;
  clearInterval(sending);
  expect(socket.descriptor).toBe(-1);
});
