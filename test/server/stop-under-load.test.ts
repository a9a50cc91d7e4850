import { expect, test } from "vitest";
import { TestServer } from "../support/server.ts";

/**
 * Clients that are gone leave commands behind that wait for their data. A stop does not wait for those, and they must
 * not go on with a store that is closed, nor write to a log that is.
 */

const CLIENTS = 20;
const ENTRIES = 60_000;

test("commands whose clients are gone go no further when the server stops", { timeout: 60_000 }, async () => {
  const args = ["--record-cache-size", "1mb"];
  await using server = new TestServer({ kind: "leveldis", variant: "normal", args });
  await server.start();
  const entry = ["field", "value".repeat(10)];
  const fill = await server.connect();
  await fill.pipeline(Array.from({ length: ENTRIES }, (_, i) => ["XADD", "stream", `${i + 1}-1`, ...entry]));
  await fill.close();
  await server.restart();
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => server.connect()));
  // Each has to read nearly all of it. What they answer is of no interest, and they will not.
  const trim = ["XADD", "stream", "MAXLEN", "10", "*", ...entry];
  const pending = clients.map((client) => client.send(...trim).catch(() => undefined));
  await using observer = await server.connect();
  await waitForFaults(observer);
  await Promise.all(clients.map((client) => client.close()));
  const { code } = await server.stop();
  await Promise.all(pending);
  expect(code).toBe(0);
  expect(server.log).not.toMatch(/failed|internal|could not|not open/i);
});

async function waitForFaults(observer: { send(...words: string[]): Promise<unknown> }): Promise<void> {
  while (!/\nfaults:[1-9]/.test(String(await observer.send("INFO")))) continue;
}
