import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";
import { ENDLESS, HOSTILE, STUCK } from "./hostile-scripts.ts";
import { randomScripts } from "./random-scripts.ts";

/** Whatever a script does, others are served, the next script finds its world as it was, and memory stays where it is. */

const MEMORY_MB = 24;
const server = useServer({
  kind: "leveldis",
  args: [
    "--lua-memory-limit",
    `${MEMORY_MB}mb`,
    "--busy-reply-threshold",
    "50",
    "--script-stuck-limit",
    "150",
    "--redo-log-size",
    "1mb",
  ],
});

let hostile: Client;
let bystander: Client;
beforeAll(async () => {
  hostile = await server.connect();
  bystander = await server.connect();
});
afterAll(() => {
  for (const client of [hostile, bystander]) void client.close();
});

/** What a script sees of the world. */
const WORLD = `
local names = {}
for _, t in ipairs({'_G', 'string', 'table', 'math', 'redis', 'cjson', 'cmsgpack', 'struct', 'bit', 'coroutine'}) do
  for k, v in pairs(t == '_G' and _G or _G[t]) do names[#names + 1] = t .. '.' .. tostring(k) .. type(v) end
end
table.sort(names)
return {table.concat(names, ' '), cjson.encode({a = {1, 2}}), ('x'):rep(3), #KEYS, ARGV[1], redis.call('ECHO', 'here')}
`;

const world = () => hostile.send("EVAL", WORLD, "0", "argument");
let before: unknown;
beforeAll(async () => {
  before = await world();
});

async function residentMb(): Promise<number> {
  return Number(/used_memory_rss:(\d+)/.exec(String(await bystander.send("INFO", "memory")))![1]) / 2 ** 20;
}

test("scripts that end by themselves", async () => {
  await hostile.send("SET", "string", "x");
  const startMb = await residentMb();
  for (const script of HOSTILE) {
    const answer = hostile.sendRaw("EVAL", script, "0").then((reply) => reply.toString("latin1", 0, 200));
    expect(await answer, script).toMatch(/^[+\-:$*%#,_~(]/);
    expect(await bystander.send("INCR", "count"), script).toBe(HOSTILE.indexOf(script) + 1);
    expect(await world(), script).toEqual(before);
  }
  // Two Lua states of the limit's size, and what the answers took.
  expect((await residentMb()) - startMb).toBeLessThan(3 * MEMORY_MB + 100);
}, 60_000);

test.each(ENDLESS)("killed: %s", async (script) => {
  const answer = hostile.sendRaw("EVAL", script, "0").then(String);
  await expect
    .poll(() => bystander.send("SCRIPT", "KILL").catch(String), { interval: 5, timeout: 10_000 })
    .toBe("OK");
  expect(await answer).toMatch(/^-ERR (?:Error running script|Script killed by user)/);
  expect(await bystander.send("PING")).toBe("PONG");
  expect(await world()).toEqual(before);
});

test.each(STUCK)("ended by script-stuck-limit: %s", async (script) => {
  const answer = hostile.sendRaw("EVAL", script, "0").then(String);
  expect(await answer).toMatch(/^-ERR Script ended by the server: it ran longer than 'script-stuck-limit'/);
  expect(await bystander.send("EXISTS", "taken back")).toBe(0);
  expect(await world()).toEqual(before);
});

test("random scripts", async () => {
  await fc.assert(
    fc.asyncProperty(randomScripts, async (script) => {
      const reply = await hostile.sendRaw("EVAL", script, "2", "key", "x", "argument", "1");
      expect(reply.toString("latin1", 0, 200)).toMatch(/^[+\-:$*%#,_~(]/);
      expect(reply.toString("latin1", 0, 200)).not.toMatch(/internal error/);
      expect(await world()).toEqual(before);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test("what looked like megabytes of writes, and wrote nothing, holds nobody up", async () => {
  expect(await hostile.send("EVAL", "return redis.call('DEL', string.rep('absent', 1e6))", "0")).toBe(0);
  expect(await bystander.send("SET", "after", "it")).toBe("OK");
});
