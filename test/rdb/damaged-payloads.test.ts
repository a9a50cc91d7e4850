import { beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { everyEncoding, withChecksum } from "../support/payloads.ts";
import { useServer } from "../support/use-server.ts";
import { Dice, damaged } from "./damage.ts";
import { otherEncodings } from "./old-payloads.ts";

/** scripts/payload-fuzz has more. */
const CASES = Number(process.env["TEST_CASES"] ?? 1500);
/** Repeats a run. */
const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);

const FOOTER_BYTES = 10;
/** Longer values are damaged in the same places. */
const MAX_BODY_BYTES = 4000;

const server = useServer({
  kind: "leveldis",
  variant: "normal",
  args: ["--enable-debug-command", "yes", "--rdbcompression", "no", "--proto-max-bulk-len", "64mb"],
});
let client: Client;
let bodies: Buffer[];

beforeAll(async () => {
  client = await server.connect({ timeoutMs: 20_000 });
  await client.pipeline(everyEncoding);
  bodies = otherEncodings();
  // What is compressed is damaged in other ways.
  for (const compression of ["no", "yes"]) {
    await client.send("CONFIG", "SET", "rdbcompression", compression);
    for (const key of (await client.send("KEYS", "*")) as string[]) {
      const payload = Buffer.from((await client.send("DUMP", key)) as string, "latin1");
      const body = payload.subarray(0, -FOOTER_BYTES);
      if (body.length <= MAX_BODY_BYTES) bodies.push(body);
    }
  }
  await client.send("FLUSHALL");
});

const payloadOf = (body: Buffer): Buffer =>
  withChecksum(Buffer.concat([body, Buffer.from([12, 0]), Buffer.alloc(8)]));

const REFUSALS = /^-ERR (?:Bad data format|the value is too large to be restored.*)\r\n$/;

/** Whether it was restored. Throws when anything else came of it than that, or a refusal that changes nothing. */
async function restore(payload: Buffer): Promise<boolean> {
  await client.sendRaw("SET", "k", "before");
  const reply = (await client.sendRaw("RESTORE", "k", 0, payload, "REPLACE")).latin1Slice();
  if (reply !== "+OK\r\n") {
    const kept = await client.pipeline([["GET", "k"], ["DBSIZE"]]);
    if (!REFUSALS.test(reply) || kept[0] !== "before" || kept[1] !== 1)
      throw new Error(`${reply} ${JSON.stringify(kept)}`);
    return false;
  }
  // All of it can be read, dumped and restored again.
  const dump = (await client.sendRaw("DUMP", "k")).latin1Slice();
  const again = Buffer.from(dump.slice(dump.indexOf("\r\n") + 2, -2), "latin1");
  const replies = await client.pipelineRaw([
    ["RESTORE", "copy", 0, again],
    ["DEBUG", "DIGEST-VALUE", "k"],
    ["DEBUG", "DIGEST-VALUE", "copy"],
    ["OBJECT", "ENCODING", "k"],
    ["XINFO", "STREAM", "k", "FULL"],
    ["DEL", "k", "copy"],
    ["DBSIZE"],
  ]);
  const texts = replies.map((text) => text.latin1Slice());
  const isRight =
    texts[0] === "+OK\r\n" && texts[1] === texts[2] && texts[5] === ":2\r\n" && texts[6] === ":0\r\n";
  if (!isRight || texts.some((text) => /^-(?!WRONGTYPE)/.test(text))) throw new Error(JSON.stringify(texts));
  return true;
}

test("whole payloads are restored", async () => {
  expect(bodies.length).toBeGreaterThan(50);
  for (const body of bodies)
    expect([body.toString("base64"), await restore(payloadOf(body))]).toEqual([
      body.toString("base64"),
      true,
    ]);
});

test(
  `damaged payloads are refused, or restored as a whole (seed ${seed})`,
  { timeout: 60_000 + CASES * 100 },
  async () => {
    const outcomes = { refused: 0, restored: 0 };
    for (let i = 0; i < CASES; i++) {
      const dice = new Dice(seed + i);
      const body = damaged(bodies[dice.below(bodies.length)]!, dice);
      try {
        outcomes[(await restore(payloadOf(body))) ? "restored" : "refused"]++;
      } catch (cause) {
        throw new Error(`case ${i} of seed ${seed}: ${body.toString("base64")}`, { cause });
      }
      if (i % 1000 === 999) console.log(`${i + 1} cases: ${JSON.stringify(outcomes)}`);
    }
    expect(outcomes.refused).toBeGreaterThan(CASES / 4);
    expect(outcomes.restored).toBeGreaterThan(0);
    expect(server.log).not.toMatch(/Command '\w+' failed|Bug/);
  },
);
