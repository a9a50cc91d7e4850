import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { StartError } from "../../src/config/option.ts";
import { Client } from "../support/client.ts";
import { ScriptedServer } from "./scripted-server.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(values: Parameters<typeof ScriptedServer.start>[1]): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(undefined, values);
  cleanups.push(() => server[Symbol.asyncDispose]());
  return server;
}

async function connect(options: Parameters<typeof Client.connect>[0]): Promise<Client> {
  const client = await Client.connect(options);
  cleanups.push(() => client.close());
  return client;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "leveldis-listener-"));
  cleanups.push(() => rm(path, { recursive: true }));
  return path;
}

async function occupy(listenAt: string | number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) =>
    typeof listenAt === "string"
      ? server.listen(listenAt, resolve)
      : server.listen(listenAt, "127.0.0.1", resolve),
  );
  cleanups.push(() => server.close());
  return server;
}

describe("TCP", () => {
  test("several addresses share one port; one that may be missing is passed over", async () => {
    const server = await start({ bind: ["127.0.0.1", "127.0.0.2", "-192.0.2.1"] });
    expect(server.port).toBeGreaterThan(0);
    for (const host of ["127.0.0.1", "127.0.0.2"]) {
      const client = await connect({ host, port: server.port });
      expect(await client.send("PING")).toBe("PONG");
      expect(String(await client.send("CLIENT", "INFO"))).toContain(` laddr=${host}:${server.port} `);
    }
  });

  test("a port in use is one clear error", async () => {
    const { port } = (await occupy(0)).address() as AddressInfo;
    const starting = ScriptedServer.start(undefined, { port });
    await expect(starting).rejects.toThrow(StartError);
    await expect(starting).rejects.toThrow(
      `Failed listening on port ${port} (TCP), aborting. 127.0.0.1:${port} is already in use`,
    );
  });

  test("what was opened before an error is closed again", async () => {
    const other = await occupy(0);
    const { port } = other.address() as AddressInfo;
    await expect(ScriptedServer.start(undefined, { port, bind: ["127.0.0.2", "127.0.0.1"] })).rejects.toThrow(
      StartError,
    );
    await new Promise((resolve) => other.close(resolve));
    const server = await start({ port, bind: ["127.0.0.2", "127.0.0.1"] });
    expect(server.port).toBe(port);
  });

  test.each(["192.0.2.1", "no such host"])("an address that this machine has not: %s", async (host) => {
    await expect(ScriptedServer.start(undefined, { bind: [host] })).rejects.toThrow(
      /^Failed listening on port 0 \(TCP\), aborting\. This machine has no address /,
    );
    await expect(ScriptedServer.start(undefined, { bind: [`-${host}`] })).rejects.toThrow(
      "This machine has none of the addresses",
    );
  });
});

describe("unix socket", () => {
  test("beside no TCP port, with permissions, removed at the end", async () => {
    const path = join(await folder(), "socket");
    const server = await start({ unixsocket: path, unixsocketperm: 0o700 });
    expect(server.port).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    const client = await connect({ path });
    expect(String(await client.send("CLIENT", "INFO"))).toMatch(
      new RegExp(`addr=${path}:0 laddr=${path}:0 .* flags=U .* cmd=client\\|info `),
    );
    await client.close();
    await server.server.stop();
    expect(existsSync(path)).toBe(false);
  });

  test("one that a killed server left is replaced, one that is served is not", async () => {
    const path = join(await folder(), "socket");
    await occupy(path);
    await expect(ScriptedServer.start(undefined, { unixsocket: path })).rejects.toThrow(
      `Failed opening Unix socket ${path}. ${path} is already in use`,
    );
  });

  test("a path that cannot be", async () => {
    const path = join(await folder(), "none", "socket");
    await expect(ScriptedServer.start(undefined, { unixsocket: path })).rejects.toThrow(
      /^Failed opening Unix socket /,
    );
  });
});

describe("refused", () => {
  test("more clients than maxclients", async () => {
    const server = await start({ maxclients: 2 });
    const first = await connect({ port: server.port });
    await connect({ port: server.port }).then((client) => client.send("PING"));
    const third = await connect({ port: server.port });
    expect((await third.readUntilClosed()).toString()).toBe("-ERR max number of clients reached\r\n");
    expect(server.server.traffic.connectionsRejected).toBe(1);
    await first.send("QUIT");
    await first.readUntilClosed();
    const fourth = await connect({ port: server.port });
    expect(await fourth.send("PING")).toBe("PONG");
  });

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === "IPv4" && !address.internal)?.address;

  test.skipIf(outside === undefined)(
    "protected mode: clients from elsewhere, unless there is a password",
    async () => {
      const server = await start({ bind: ["*"] });
      const client = await connect({ host: outside!, port: server.port });
      expect((await client.readUntilClosed()).toString()).toMatch(
        /^-DENIED Redis is running in protected mode .*\r\n$/,
      );
      const local = await connect({ port: server.port });
      expect(await local.send("PING")).toBe("PONG");
      for (const values of [{ requirepass: "secret" }, { protectedMode: false }]) {
        const open = await start({ bind: ["*"], ...values });
        const guest = await connect({ host: outside!, port: open.port });
        expect((await guest.sendRaw("PING")).toString()).toMatch(
          /^(?:\+PONG|-NOAUTH Authentication required\.)\r\n$/,
        );
      }
    },
  );
});

test("stopping answers what was asked, hangs up, and accepts no more", async () => {
  const server = await start({});
  const client = await connect({ port: server.port });
  const { port } = server;
  await client.send("PING");
  client.write("ECHO last\r\n");
  expect(await client.read()).toBe("last");
  await server.server.stop();
  expect(await client.readUntilClosed()).toHaveLength(0);
  await expect(Client.connect({ port })).rejects.toThrow("ECONNREFUSED");
});
