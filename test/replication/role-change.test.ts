import { type AddressInfo, type Socket, createServer } from "node:net";
import { expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";
import { infoOf, until } from "./followers.ts";

/** Commands that are under way when a master becomes a replica. */

const server = useServer({ kind: "leveldis" });

test("a write that waits is refused when the server follows another by then", async () => {
  // MIGRATE waits for the other server, which is this one's to say, and removes the key then.
  const requests: Socket[] = [];
  const target = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => requests.push(socket));
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as AddressInfo;
  const [writer, admin] = await Promise.all([server.connect(), server.connect()]);
  try {
    await admin.send("SET", "k", "value");
    const write = writer.send("MIGRATE", "127.0.0.1", port, "k", "0", "30000");
    await until("the key is under way", () => requests.length > 0);
    expect(await admin.send("REPLICAOF", "127.0.0.1", "1")).toBe("OK");
    // It has taken it: to SELECT and RESTORE.
    requests[0]!.write("+OK\r\n+OK\r\n");
    expect(String(await write)).toContain("READONLY");
    expect(await admin.send("GET", "k")).toBe("value");
    expect(await admin.send("REPLICAOF", "NO", "ONE")).toBe("OK");
  } finally {
    for (const socket of requests) socket.destroy();
    target.close();
    await Promise.all([writer.close(), admin.close()]);
  }
});

test("in a transaction INFO and ROLE tell of a master that the commands before them have named", async () => {
  const client = await server.connect();
  const replies = await client.pipeline([
    ["MULTI"],
    ["REPLICAOF", "127.0.0.1", "1"],
    ["INFO", "replication"],
    ["ROLE"],
    ["REPLICAOF", "NO", "ONE"],
    ["ROLE"],
    ["EXEC"],
  ]);
  const [, info, follower, , leader] = replies.at(-1) as unknown[];
  expect(info).toContain("role:slave");
  expect(info).toContain("master_link_status:down");
  expect(follower).toEqual(["slave", "127.0.0.1", 1, "connect", -1]);
  expect(leader).toEqual(["master", expect.any(Number), []]);
  expect((await infoOf(client)).get("role")).toBe("master");
  await client.close();
});
