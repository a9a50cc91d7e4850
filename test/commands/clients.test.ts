import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();
const isRedis = server.kind === "redis";

let clients: Client[] = [];
let admin: Client;

/** A client that the server has accepted, not only its system. */
async function connect(): Promise<Client> {
  const client = await server.connect();
  clients.push(client);
  await client.sendRaw("PING");
  return client;
}

beforeEach(async () => {
  admin = await connect();
});

afterEach(async () => {
  await admin.send("CLIENT", "UNPAUSE").catch(() => {});
  for (const client of clients.splice(0)) await client.close();
});

/** One line of CLIENT LIST by its fields. */
function fields(line: string): Record<string, string> {
  return Object.fromEntries(
    line
      .trim()
      .split(" ")
      .map((field) => {
        const [name, ...value] = field.split("=");
        return [name, value.join("=")];
      }),
  );
}

async function list(...args: string[]): Promise<Record<string, string>[]> {
  const text = String(await admin.send("CLIENT", "LIST", ...args));
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(fields);
}

async function idOf(client: Client): Promise<string> {
  return String(await client.send("CLIENT", "ID"));
}

/** The field of a client's line as another sees it. */
async function fieldOf(id: string, name: string): Promise<string | undefined> {
  return (await list("ID", id))[0]?.[name];
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("CLIENT LIST and INFO", () => {
  test("idle is since the client sent anything, also behind a command that waits", async () => {
    const waiting = await connect();
    const id = await idOf(waiting);
    waiting.write("BLPOP idle:list 0\r\n");
    const idleSeconds = async (): Promise<number> => Number(await fieldOf(id, "idle"));
    await until(async () => (await idleSeconds()) >= 2);
    waiting.write("PING\r\n");
    await until(async () => (await idleSeconds()) < 2);
    await admin.send("RPUSH", "idle:list", "a");
    expect(await waiting.read()).toEqual(["idle:list", "a"]);
    expect(await waiting.read()).toBe("PONG");
    await until(async () => (await idleSeconds()) >= 2);
    await waiting.send("PING");
    expect(await idleSeconds()).toBeLessThan(2);
  });

  test("the fields of Redis 7.0, in its order", async () => {
    const text = String(await admin.send("CLIENT", "INFO"));
    expect(text).toMatch(/\n$/);
    expect(Object.keys(fields(text))).toEqual([
      "id",
      "addr",
      "laddr",
      "fd",
      "name",
      "age",
      "idle",
      "flags",
      "db",
      "sub",
      "psub",
      "ssub",
      "multi",
      "qbuf",
      "qbuf-free",
      "argv-mem",
      "multi-mem",
      "rbs",
      "rbp",
      "obl",
      "oll",
      "omem",
      "tot-mem",
      "events",
      "cmd",
      "user",
      "redir",
      "resp",
    ]);
    expect(fields(text)).toMatchObject({
      addr: expect.stringMatching(/^127\.0\.0\.1:[0-9]+$/),
      laddr: `127.0.0.1:${server.port}`,
      name: "",
      flags: "N",
      db: "0",
      sub: "0",
      psub: "0",
      multi: "-1",
      qbuf: "26",
      "argv-mem": "10",
      obl: "0",
      oll: "0",
      omem: "0",
      events: "r",
      cmd: "client|info",
      user: "default",
      redir: "-1",
      resp: "2",
    });
  });

  test("what changes is shown", async () => {
    const client = await connect();
    const id = await idOf(client);
    await client.send("CLIENT", "SETNAME", "somebody");
    await client.send("SELECT", 3);
    await client.send("CLIENT", "NO-EVICT", "ON");
    await client.sendRaw("HELLO", 3);
    expect((await list("ID", id))[0]).toMatchObject({
      name: "somebody",
      db: "3",
      flags: "e",
      cmd: "hello",
      resp: "3",
    });
    await client.sendRaw("RESET");
    expect((await list("ID", id))[0]).toMatchObject({ name: "", db: "0", cmd: "reset", resp: "2" });
  });

  test("what it counts: half a request, idle seconds", async () => {
    const client = await connect();
    const id = await idOf(client);
    client.write(`*2\r\n$4\r\nECHO\r\n$100000\r\n${"x".repeat(50_000)}`);
    await until(async () => Number(await fieldOf(id, "qbuf")) >= 50_000);
    client.write(`${"x".repeat(50_000)}\r\n`);
    await client.readRaw();
    expect(await fieldOf(id, "qbuf")).toBe("0");
    await until(async () => Number(await fieldOf(id, "idle")) >= 1);
    expect(Number(await fieldOf(id, "age"))).toBeGreaterThanOrEqual(1);
  });

  test("by id, in the order asked for; by type", async () => {
    const [first, second] = [await idOf(await connect()), await idOf(await connect())];
    expect((await list("ID", second, "999999", first, second)).map(({ id }) => id)).toEqual([
      second,
      first,
      second,
    ]);
    const all = (await list()).map(({ id }) => Number(id));
    expect(all).toEqual(all.toSorted((a, b) => a - b));
    expect((await list("TYPE", "NORMAL")).map(({ id }) => Number(id))).toEqual(all);
    expect(await list("TYPE", "pubsub")).toEqual([]);
  });

  test("a client that left is not listed", async () => {
    const client = await connect();
    const id = await idOf(client);
    await client.close();
    await until(async () => (await list("ID", id)).length === 0);
  });

  test.skipIf(isRedis)("SETINFO, of Redis 7.2", async () => {
    const client = await connect();
    const id = await idOf(client);
    expect(await client.send("CLIENT", "SETINFO", "LIB-NAME", "mine")).toBe("OK");
    expect(await client.send("CLIENT", "SETINFO", "lib-ver", "1.2.3")).toBe("OK");
    expect((await list("ID", id))[0]).toMatchObject({ "lib-name": "mine", "lib-ver": "1.2.3" });
    expect(await client.sendExact("CLIENT", "SETINFO", "lib-name", "a b")).toEqual({
      error: "ERR lib-name cannot contain spaces, newlines or special characters.",
    });
    expect(await client.sendExact("CLIENT", "SETINFO", "lib-x", "a")).toEqual({
      error: "ERR Unrecognized option 'lib-x'",
    });
  });
});

describe("CLIENT KILL", () => {
  test("by address, the old way, which may be one's own", async () => {
    const client = await connect();
    const address = (await list("ID", await idOf(client)))[0]!["addr"]!;
    expect(await admin.send("CLIENT", "KILL", address)).toBe("OK");
    expect(await client.readUntilClosed()).toHaveLength(0);
    const own = fields(String(await admin.send("CLIENT", "INFO")))["addr"]!;
    admin.write(`CLIENT KILL ${own}\r\nPING\r\n`);
    expect((await admin.readUntilClosed()).toString()).toBe("+OK\r\n");
  });

  test("by all filters together", async () => {
    const [first, second] = [await connect(), await connect()];
    const id = await idOf(first);
    expect(await admin.send("CLIENT", "KILL", "ID", id, "TYPE", "pubsub")).toBe(0);
    expect(await admin.send("CLIENT", "KILL", "ID", id, "LADDR", "127.0.0.1:1")).toBe(0);
    const filters = ["TYPE", "normal", "USER", "default", "LADDR", `127.0.0.1:${server.port}`];
    expect(await admin.send("CLIENT", "KILL", "ID", id, ...filters)).toBe(1);
    await first.readUntilClosed();
    expect(await second.send("PING")).toBe("PONG");
  });

  test("SKIPME spares or takes the caller, who gets the number first", async () => {
    const others = [await connect(), await connect()];
    const connected = (await list()).length;
    expect(await admin.send("CLIENT", "KILL", "TYPE", "normal")).toBe(connected - 1);
    for (const other of others) await other.readUntilClosed();
    admin.write("CLIENT KILL SKIPME no\r\nPING\r\n");
    expect((await admin.readUntilClosed()).toString()).toBe(":1\r\n");
  });
});

describe("CLIENT PAUSE", () => {
  test("WRITE holds what writes, in order, and nothing else", async () => {
    const client = await connect();
    await client.send("DEL", "k");
    await admin.send("CLIENT", "PAUSE", 100_000, "WRITE");
    expect(await client.send("GET", "k")).toBeNull();
    client.write("SET k v\r\nGET k\r\n");
    await until(async () => /^blocked_clients:1\r$/m.test(String(await admin.send("INFO", "clients"))));
    expect(await admin.send("GET", "k")).toBeNull();
    expect(await admin.send("CLIENT", "UNPAUSE")).toBe("OK");
    expect(await client.read()).toBe("OK");
    expect(await client.read()).toBe("v");
    expect(String(await admin.send("INFO", "clients"))).toContain("blocked_clients:0");
  });

  test("ALL holds everything until its time is over", async () => {
    const client = await connect();
    const startedMs = Date.now();
    expect(await admin.send("CLIENT", "PAUSE", 300)).toBe("OK");
    expect(await Promise.all([client.send("PING"), admin.send("CLIENT", "ID")])).toEqual([
      "PONG",
      expect.any(Number),
    ]);
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(295);
  });

  test("a second pause neither shortens nor loosens the first", async () => {
    const client = await connect();
    const startedMs = Date.now();
    admin.write("CLIENT PAUSE 400 WRITE\r\nCLIENT PAUSE 50 WRITE\r\n");
    await admin.read();
    await admin.read();
    expect(await client.send("SET", "k", "v")).toBe("OK");
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(395);
  });

  test("a client that goes meanwhile leaves nothing written", async () => {
    const client = await connect();
    const id = await idOf(client);
    await admin.send("DEL", "k");
    await admin.send("CLIENT", "PAUSE", 100_000, "WRITE");
    client.write("SET k v\r\n");
    await until(async () => (await fieldOf(id, "flags")) === "b");
    expect(await admin.send("CLIENT", "KILL", "ID", id)).toBe(1);
    await admin.send("CLIENT", "UNPAUSE");
    expect(await admin.send("GET", "k")).toBeNull();
    expect(String(await admin.send("INFO", "clients"))).toContain("blocked_clients:0");
  });
});

describe("requirepass", () => {
  const guarded = useServer({ args: ["--requirepass", "se cret\xff"] });

  async function stranger(): Promise<Client> {
    const client = await guarded.connect();
    clients.push(client);
    return client;
  }

  const NOAUTH = { error: "NOAUTH Authentication required." };
  const WRONGPASS = { error: "WRONGPASS invalid username-password pair or user is disabled." };

  test("nothing without AUTH", async () => {
    const client = await stranger();
    for (const command of ["PING", "GET", "CLIENT", "COMMAND", "SELECT"]) {
      const args = command === "CLIENT" ? ["ID"] : command === "GET" || command === "SELECT" ? ["1"] : [];
      expect(await client.sendExact(command, ...args)).toEqual(NOAUTH);
    }
    expect(await client.sendExact("NONE")).toEqual({ error: expect.stringMatching(/^ERR unknown command/) });
    expect(await client.sendExact("GET")).toEqual({
      error: "ERR wrong number of arguments for 'get' command",
    });
    expect(await client.sendExact("HELLO", "3")).toEqual({
      error: expect.stringMatching(/^NOAUTH HELLO must be called/),
    });
    expect(await client.sendExact("RESET")).toEqual({ status: "RESET" });
    expect(await client.sendExact("AUTH", "wrong")).toEqual(WRONGPASS);
    expect(await client.sendExact("AUTH", "default", "wrong")).toEqual(WRONGPASS);
    expect(await client.sendExact("AUTH", "nobody", "se cret")).toEqual(WRONGPASS);
    expect(await client.sendExact("PING")).toEqual(NOAUTH);
  });

  test.each([[["AUTH", Buffer.from("se cret\u00ff")]], [["AUTH", "default", Buffer.from("se cret\u00ff")]]])(
    "%j logs in, RESET logs out",
    async (command) => {
      const client = await stranger();
      expect(await client.send(...command)).toBe("OK");
      expect(await client.send("PING")).toBe("PONG");
      expect(await client.sendExact("AUTH", "wrong")).toEqual(WRONGPASS);
      expect(await client.send("PING")).toBe("PONG");
      await client.send("RESET");
      expect(await client.sendExact("PING")).toEqual(NOAUTH);
    },
  );

  test("HELLO logs in; one that fails changes nothing", async () => {
    const client = await stranger();
    expect(await client.sendExact("HELLO", "3", "AUTH", "default", "wrong")).toEqual(WRONGPASS);
    expect(await client.sendExact("PING")).toEqual(NOAUTH);
    const password = Buffer.from("se cret\u00ff");
    expect(await client.sendExact("HELLO", "3", "AUTH", "default", password, "SETNAME", "me")).toMatchObject({
      map: expect.arrayContaining([["proto", 3]]),
    });
    expect(await client.send("CLIENT", "GETNAME")).toBe("me");
  });

  test("large requests before AUTH are protocol errors", async () => {
    const many = await stranger();
    many.write("*11\r\n");
    expect((await many.readUntilClosed()).toString()).toBe(
      "-ERR Protocol error: unauthenticated multibulk length\r\n",
    );
    const long = await stranger();
    long.write("*2\r\n$4\r\nAUTH\r\n$16385\r\n");
    expect((await long.readUntilClosed()).toString()).toBe(
      "-ERR Protocol error: unauthenticated bulk length\r\n",
    );
  });

  test("who was connected before a password came stays logged in", async () => {
    const client = await connect();
    await admin.send("CONFIG", "SET", "requirepass", "later");
    try {
      expect(await client.send("PING")).toBe("PONG");
      expect(await (await connect()).sendExact("PING")).toEqual(NOAUTH);
    } finally {
      await admin.send("CONFIG", "SET", "requirepass", "");
    }
    expect(await (await connect()).send("PING")).toBe("PONG");
  });
});
