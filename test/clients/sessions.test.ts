import { createServer } from "node:http";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createClient } from "redis";
import { afterEach, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** express with its sessions in leveldis, by connect-redis. */

const server = useServer({ kind: "leveldis" });

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

declare module "express-session" {
  interface SessionData {
    visits: number;
  }
}

interface Site {
  readonly url: string;
  readonly store: RedisStore;
}

/** Counts the visits of each session. */
async function startSite(): Promise<Site> {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  client.on("error", () => {});
  await client.connect();
  cleanups.push(() => client.close());
  const store = new RedisStore({ client, prefix: "session:", ttl: 600 });
  const site = express();
  site.use(session({ store, secret: "not secret", resave: false, saveUninitialized: false }));
  site.get("/", (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.send(String(request.session.visits));
  });
  site.get("/leave", (request, response, next) => {
    request.session.destroy((error: unknown) => (error ? next(error) : response.send("bye")));
  });
  const http = createServer(site);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => new Promise((resolve) => http.close(resolve)));
  cleanups.push(() => http.closeAllConnections());
  return { url: `http://127.0.0.1:${(http.address() as { port: number }).port}`, store };
}

class Browser {
  #cookie = "";

  async get(url: string): Promise<string> {
    const response = await fetch(url, { headers: { cookie: this.#cookie } });
    const cookie = response.headers.get("set-cookie");
    if (cookie !== null) this.#cookie = cookie.split(";")[0]!;
    return response.text();
  }
}

test("sessions: separate, shared by two servers, over a restart, destroyed", async () => {
  const one = await startSite();
  const two = await startSite();
  const ada = new Browser();
  const grace = new Browser();
  expect(await ada.get(`${one.url}/`)).toBe("1");
  expect(await ada.get(`${two.url}/`)).toBe("2");
  expect(await grace.get(`${one.url}/`)).toBe("1");
  expect(await one.store.length()).toBe(2);
  expect((await one.store.all()).map(({ visits }: { visits: number }) => visits).toSorted()).toEqual([1, 2]);
  await using client = await server.connect();
  const [id] = (await one.store.ids()) as string[];
  expect(await client.send("TTL", `session:${id}`)).toBeGreaterThan(590);

  await server.restart();
  await expect.poll(() => one.store.length().catch(() => 0), { timeout: 10_000 }).toBe(2);
  await expect.poll(() => two.store.length().catch(() => 0), { timeout: 10_000 }).toBe(2);
  expect(await ada.get(`${one.url}/`)).toBe("3");

  expect(await ada.get(`${two.url}/leave`)).toBe("bye");
  expect(await one.store.length()).toBe(1);
  expect(await ada.get(`${one.url}/`)).toBe("1");
  await one.store.clear();
  expect(await one.store.length()).toBe(0);
});
