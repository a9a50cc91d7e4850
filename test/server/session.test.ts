import { afterEach, describe, expect, test } from "vitest";
import { type Caller, PENDING } from "../../src/executor/caller.ts";
import { ErrorReply, OK, type Reply, StreamReply } from "../../src/resp/reply.ts";
import { Client } from "../support/client.ts";
import { type Script, ScriptedServer } from "./scripted-server.ts";

const disposables: AsyncDisposable[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0).reverse()) await disposable[Symbol.asyncDispose]();
});

async function start(
  script?: Script,
  values?: Parameters<typeof ScriptedServer.start>[1],
): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script, values);
  disposables.push(server);
  return server;
}

async function connect(server: ScriptedServer): Promise<Client> {
  const client = await Client.connect({ port: server.port });
  disposables.push(client);
  return client;
}

/** Resolves once `condition` holds; the test's own time limit bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("order", () => {
  test("replies of a pipeline leave in order", async () => {
    const client = await connect(await start());
    const count = 5000;
    const replies = await client.pipeline(Array.from({ length: count }, (_, i) => ["ECHO", String(i)]));
    expect(replies).toEqual(Array.from({ length: count }, (_, i) => String(i)));
  });

  test("nothing behind a pending request runs before it has its reply", async () => {
    const seen: string[] = [];
    let waiting: Caller | undefined;
    const server = await start((args, caller) => {
      seen.push(args[0]!);
      if (args[0] !== "slow") return undefined;
      waiting = caller;
      return PENDING;
    });
    const client = await connect(server);
    client.write("slow\r\nECHO a\r\nECHO b\r\n");
    await until(() => waiting !== undefined);
    client.write("ECHO c\r\n");
    expect(waiting!.upcoming(10)).toEqual([
      ["ECHO", "a"],
      ["ECHO", "b"],
    ]);
    expect(seen).toEqual(["slow"]);
    waiting!.resume("late", 0);
    expect(await client.read()).toBe("late");
    for (const text of ["a", "b", "c"]) expect(await client.read()).toBe(text);
  });

  test("thousands of pending requests of one client do not grow the stack", async () => {
    const server = await start((args, caller) => {
      if (args[0] !== "slow") return undefined;
      queueMicrotask(() => caller.resume(args[1]!, 0));
      return PENDING;
    });
    const client = await connect(server);
    const commands = Array.from({ length: 20_000 }, (_, i) => ["slow", String(i)]);
    expect(await client.pipeline(commands)).toEqual(commands.map(([, i]) => i));
  });

  test("a long pipeline does not keep others waiting", async () => {
    let busy = 0;
    const order: string[] = [];
    const server = await start((args) => {
      if (args[0] === "busy") busy++;
      if (args[0] === "other") order.push(`other after ${busy < 20_000 ? "some" : "all"}`);
      return OK;
    });
    const first = await connect(server);
    const second = await connect(server);
    first.write(Buffer.from("busy\r\n".repeat(20_000)));
    await until(() => busy > 0);
    await second.send("other");
    await until(() => busy === 20_000);
    expect(order).toEqual(["other after some"]);
  });
});

describe("group commit", () => {
  const script: Script = (args) =>
    args[0] === "write" ? { reply: args[2] ?? OK, batch: Number(args[1]) } : undefined;

  test("a reply waits for its batch, and so does all that comes behind it", async () => {
    const server = await start(script);
    const client = await connect(server);
    const other = await connect(server);
    client.write("ECHO before\r\nwrite 1 a\r\nECHO between\r\nwrite 2 b\r\nECHO behind\r\n");
    expect(await client.read()).toBe("before");
    expect(await other.send("ECHO", "free")).toBe("free");
    server.commits.finish(1);
    expect(await client.read()).toBe("a");
    expect(await client.read()).toBe("between");
    expect(await other.send("ECHO", "free")).toBe("free");
    server.commits.finish(2);
    expect(await client.read()).toBe("b");
    expect(await client.read()).toBe("behind");
  });

  test("replies to several batches leave when the last is written", async () => {
    const server = await start(script);
    const client = await connect(server);
    const other = await connect(server);
    client.write("write 1 a\r\nwrite 2 b\r\nwrite 2 c\r\nwrite 3 d\r\n");
    await other.send("PING");
    server.commits.finish(3);
    for (const text of ["a", "b", "c", "d"]) expect(await client.read()).toBe(text);
  });

  test("when a batch fails, each reply that waited for it is an error, the others are not", async () => {
    const server = await start(script);
    const client = await connect(server);
    const other = await connect(server);
    client.write("write 1 a\r\nwrite 1 b\r\nECHO between\r\nwrite 2 c\r\n");
    await other.send("PING");
    server.commits.finish(1, new Error("no space\r\nleft"));
    for (let i = 0; i < 2; i++) {
      expect(await client.readExact()).toEqual({ error: expect.stringMatching(/^MISCONF .*no space left/) });
    }
    expect(await client.read()).toBe("between");
    server.commits.finish(2);
    expect(await client.read()).toBe("c");
  });

  test("a client may go while its reply waits", async () => {
    const server = await start(script);
    const client = await connect(server);
    client.write("write 1 a\r\n");
    await (await connect(server)).send("PING");
    await client.close();
    server.commits.finish(1);
    await until(() => server.server.clients.size === 1);
    expect(await (await connect(server)).send("PING")).toBe("PONG");
  });

  test("QUIT leaves after the replies before it", async () => {
    const server = await start(script);
    const client = await connect(server);
    const other = await connect(server);
    client.write("write 1 a\r\nQUIT\r\nECHO never\r\n");
    await other.send("PING");
    server.commits.finish(1);
    expect((await client.readUntilClosed()).toString()).toBe("$1\r\na\r\n+OK\r\n");
  });
});

/** Pages of a stream, with a note of whether it was closed. */
class Pages implements AsyncIterable<Reply[]> {
  asked = 0;
  isClosed = false;
  readonly #pages: readonly (() => Reply[])[];

  constructor(pages: readonly (() => Reply[])[]) {
    this.#pages = pages;
  }

  [Symbol.asyncIterator](): AsyncIterator<Reply[]> {
    return {
      next: async () => {
        const page = this.#pages[this.asked];
        if (page === undefined) return { done: true, value: undefined };
        this.asked++;
        return { done: false, value: page() };
      },
      return: async () => {
        this.isClosed = true;
        return { done: true, value: undefined };
      },
    };
  }
}

describe("streams", () => {
  test("pages leave between what was before and behind", async () => {
    const pages = new Pages([() => ["a", "b"], () => [], () => [["c"], 1]]);
    const server = await start((args) =>
      args[0] === "stream" ? new StreamReply("array", 4, pages) : undefined,
    );
    const client = await connect(server);
    client.write("ECHO before\r\nstream\r\nECHO behind\r\n");
    expect(await client.read()).toBe("before");
    expect(await client.readExact()).toEqual(["a", "b", ["c"], 1]);
    expect(await client.read()).toBe("behind");
    expect(pages.isClosed).toBe(true);
  });

  test.each([
    ["map", 2, "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n$-1\r\n"],
    ["map", 3, "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n_\r\n"],
    ["set", 3, "~4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n_\r\n"],
  ] as const)("a %s in RESP%i", async (shape, resp, expected) => {
    const pages = new Pages([() => ["a", 1], () => ["b", null]]);
    const reply = new StreamReply(shape, shape === "map" ? 2 : 4, pages);
    const server = await start((args) => (args[0] === "stream" ? reply : undefined));
    const client = await connect(server);
    await client.sendRaw("HELLO", resp);
    expect((await client.sendRaw("stream")).toString()).toBe(expected);
  });

  test("a bulk of pages, nested in an array", async () => {
    const pages = new Pages([() => ["x".repeat(100_000)], () => ["y".repeat(100_000)]]);
    const server = await start((args) =>
      args[0] === "stream" ? ["first", new StreamReply("bulk", 200_000, pages), "last"] : undefined,
    );
    const client = await connect(server);
    expect(await client.send("stream")).toEqual(["first", "x".repeat(100_000) + "y".repeat(100_000), "last"]);
  });

  test("no page is made ahead for a client that does not read; it can go at any time", async () => {
    const page = (): Reply[] => Array<string>(1000).fill("x".repeat(1000));
    const pages = new Pages(Array.from({ length: 1000 }, () => page));
    const server = await start((args) =>
      args[0] === "stream" ? new StreamReply("array", 1_000_000, pages) : undefined,
    );
    const client = await connect(server);
    client.pause();
    client.write("stream\r\n");
    await until(() => pages.asked > 0);
    // The sockets of both sides hold some megabytes.
    let before = -1;
    while (pages.asked !== before) {
      before = pages.asked;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(pages.asked).toBeLessThan(100);
    await client.close();
    await until(() => pages.isClosed);
  });

  test("a stream that nobody will read is closed", async () => {
    const streams: Pages[] = [];
    const server = await start((args) => {
      if (args[0] !== "stream") return undefined;
      const pages = new Pages([() => ["a"]]);
      streams.push(pages);
      return { reply: [new StreamReply("array", 1, pages)], batch: Number(args[1]) };
    });
    const client = await connect(server);
    client.write("CLIENT REPLY SKIP\r\nstream 0\r\nstream 1\r\n");
    await until(() => streams.length === 2);
    server.commits.finish(1, new Error("disk full"));
    expect(await client.readExact()).toEqual({ error: expect.stringMatching(/^MISCONF/) });
    client.write("stream 2\r\n");
    await until(() => streams.length === 3);
    await client.close();
    server.commits.finish(2);
    await until(() => streams.every((stream) => stream.isClosed));
  });

  test("a stream that fails, or holds another number than it said, ends the connection", async () => {
    const failing = new Pages([
      () => ["a"],
      () => {
        throw new Error("cannot read");
      },
    ]);
    const server = await start((args) => {
      if (args[0] === "short") return new StreamReply("array", 2, new Pages([() => ["a"]]));
      if (args[0] === "fail") return new StreamReply("array", 2, failing);
      return undefined;
    });
    for (const command of ["short", "fail"]) {
      const client = await connect(server);
      client.write(`${command}\r\nPING\r\n`);
      expect((await client.readUntilClosed()).toString()).toBe("*2\r\n$1\r\na\r\n");
    }
    expect(failing.isClosed).toBe(true);
  });
});

describe("clients that do not read", () => {
  test("are not served further, and go on where they stopped", async () => {
    const large = "x".repeat(100_000);
    let served = 0;
    const server = await start(() => {
      served++;
      return large;
    });
    const client = await connect(server);
    client.pause();
    const count = 2000;
    client.write("get\r\n".repeat(count));
    let before = -1;
    while (served !== before) {
      before = served;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(served).toBeLessThan(count / 2);
    const [session] = server.server.clients;
    expect(session!.describe(Date.now())).toMatch(/ omem=[1-9][0-9]{5,6} .* events=rw /);
    client.resume();
    for (let i = 0; i < count; i++) expect(await client.readRaw()).toHaveLength(large.length + 11);
  });

  test("are dropped beyond the hard limit", async () => {
    const values = {
      clientOutputBufferLimit: {
        normal: { hardBytes: 20_000_000, softBytes: 0, softSeconds: 0 },
        replica: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
        pubsub: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
      },
    };
    const server = await start(
      (args) => (args[0] === "get" ? "x".repeat(Number(args[1])) : undefined),
      values,
    );
    const client = await connect(server);
    expect(await client.sendRaw("get", 10_000_000)).toHaveLength(10_000_013);
    client.pause();
    client.write("get 60000000\r\n");
    await until(() => server.server.clients.size === 0);
    expect(server.log.join()).toContain("output buffer limits");
  });

  test("are dropped early before they log in", async () => {
    const server = await start(() => new ErrorReply("NOAUTH Authentication required."), {
      requirepass: "secret",
    });
    const client = await connect(server);
    client.pause();
    const requests = Buffer.from("get\r\n".repeat(10_000));
    while (server.server.clients.size > 0) {
      client.write(requests);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(server.log.join()).toContain("output buffer limits");
  });
});

describe("input", () => {
  test("beyond the query buffer limit the connection ends without a word", async () => {
    const server = await start(undefined, { clientQueryBufferLimit: 1024 * 1024 });
    const client = await connect(server);
    client.write(`*2\r\n$4\r\nECHO\r\n$5000000\r\n${"x".repeat(4_000_000)}`);
    expect(await client.readUntilClosed()).toHaveLength(0);
    expect(server.log.join()).toContain("max query buffer length");
  });

  test("a deep pipeline behind a pending request is not beyond the limit", async () => {
    let waiting: Caller | undefined;
    const server = await start(
      (args, caller) => {
        if (args[0] !== "slow") return undefined;
        waiting = caller;
        return PENDING;
      },
      { clientQueryBufferLimit: 1024 * 1024 },
    );
    const client = await connect(server);
    const count = 300_000;
    client.write(`slow\r\n${"ECHO 1234567\r\n".repeat(count)}`);
    await until(() => waiting !== undefined);
    await until(() => [...server.server.clients][0]!.describe(0).includes("events= "));
    waiting!.resume(OK, 0);
    expect(await client.read()).toBe("OK");
    for (let i = 0; i < count; i++) await client.readRaw();
  });

  test("after a protocol error: the replies before it, the error, the end", async () => {
    const client = await connect(await start());
    client.write("PING\r\n*1\r\nfoo\r\nPING\r\n");
    const received = await client.readUntilClosed();
    expect(received.toString()).toBe("+PONG\r\n-ERR Protocol error: expected '$', got 'f'\r\n");
  });

  test("a client that has sent all and closed its side still gets all replies", async () => {
    const client = await connect(await start());
    client.write("PING\r\nECHO a\r\n");
    client.endWrites();
    expect((await client.readUntilClosed()).toString()).toBe("+PONG\r\n$1\r\na\r\n");
  });

  test("HTTP is hung up on", async () => {
    const server = await start();
    for (const request of ["POST / HTTP/1.1\r\nHost: a\r\n\r\nPING\r\n", "PING\r\nhost: a\r\n"]) {
      const client = await connect(server);
      client.write(request);
      expect((await client.readUntilClosed()).toString()).not.toContain("ERR");
    }
  });
});

describe("CLIENT REPLY", () => {
  test.each([
    [
      "OFF silences all until ON",
      "CLIENT REPLY OFF\r\nPING\r\nbad\r\nCLIENT REPLY ON\r\nPING\r\n",
      "+OK\r\n+PONG\r\n",
    ],
    ["SKIP silences one", "CLIENT REPLY SKIP\r\nPING\r\nPING\r\n", "+PONG\r\n"],
    [
      "SKIP twice silences the second and the one behind it",
      "CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO a\r\n",
      "$1\r\na\r\n",
    ],
    [
      "ON is answered also when skipped",
      "CLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nPING\r\n",
      "+OK\r\n+PONG\r\n",
    ],
    ["RESET ends OFF", "CLIENT REPLY OFF\r\nRESET\r\nPING\r\n", "+RESET\r\n+PONG\r\n"],
  ])("%s", async (_name, requests, expected) => {
    const client = await connect(await start());
    client.write(requests);
    client.endWrites();
    expect((await client.readUntilClosed()).toString()).toBe(expected);
  });
});

describe("time", () => {
  test("an idle client is dropped, a busy one is not", async () => {
    const server = await start(undefined, { timeout: 1 });
    const idle = await connect(server);
    const busy = await connect(server);
    const keepBusy = setInterval(() => void busy.send("PING").catch(() => {}), 200);
    expect(await idle.readUntilClosed()).toHaveLength(0);
    clearInterval(keepBusy);
    expect(server.server.clients.size).toBe(1);
  });
});
