import { createServer } from "node:http";
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { Server } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { afterEach, describe, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** Two socket.io servers that find each other through leveldis, with the adapters that exist for Redis. */

const server = useServer();

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Adapter = ReturnType<typeof createAdapter> | ReturnType<typeof createShardedAdapter>;

async function connectNodeRedis() {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  client.on("error", () => {});
  await client.connect();
  cleanups.push(() => client.close());
  return client;
}

function connectIoredis(): Redis {
  const client = new Redis(server.port, "127.0.0.1");
  cleanups.push(() => client.disconnect());
  return client;
}

const adapters: readonly (readonly [string, () => Promise<Adapter>])[] = [
  ["ioredis", async () => createAdapter(connectIoredis(), connectIoredis())],
  ["node-redis", async () => createAdapter(await connectNodeRedis(), await connectNodeRedis())],
  ["shard channels", async () => createShardedAdapter(await connectNodeRedis(), await connectNodeRedis())],
];

async function startSite(adapter: Adapter): Promise<{ readonly site: Server; readonly url: string }> {
  const http = createServer();
  const site = new Server(http, { adapter, transports: ["websocket"] });
  site.on("connection", (socket) => {
    socket.on("join", async (room: string, done: () => void) => {
      await socket.join(room);
      done();
    });
    socket.on("say", (room: string, text: string) => site.to(room).emit("said", text));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => site.close());
  return { site, url: `http://127.0.0.1:${(http.address() as { port: number }).port}` };
}

async function visit(url: string, heard: string[]): Promise<Socket> {
  const socket = io(url, { transports: ["websocket"], forceNew: true });
  cleanups.push(() => void socket.close());
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  socket.on("said", (text: string) => heard.push(text));
  socket.on("ask", (answer: (text: string) => void) => answer(`I am ${socket.id}`));
  return socket;
}

describe.each(adapters)("%s", (_, newAdapter) => {
  test("broadcasts, rooms and requests cross from one server to the other", async () => {
    const one = await startSite(await newAdapter());
    const two = await startSite(await newAdapter());
    const heardByAda: string[] = [];
    const heardByGrace: string[] = [];
    const ada = await visit(one.url, heardByAda);
    const grace = await visit(two.url, heardByGrace);
    await expect.poll(async () => (await one.site.fetchSockets()).length).toBe(2);

    one.site.emit("said", "to all");
    await expect.poll(() => heardByGrace).toEqual(["to all"]);
    await expect.poll(() => heardByAda).toEqual(["to all"]);

    await grace.emitWithAck("join", "tea");
    ada.emit("say", "tea", "to the room");
    await expect.poll(() => heardByGrace).toEqual(["to all", "to the room"]);
    expect(heardByAda).toEqual(["to all"]);

    const answers = (await one.site.timeout(5000).emitWithAck("ask")) as string[];
    expect(answers.toSorted()).toEqual([`I am ${ada.id}`, `I am ${grace.id}`].toSorted());

    one.site.in("tea").disconnectSockets();
    await expect.poll(() => grace.connected).toBe(false);
    expect(ada.connected).toBe(true);
  });
});
