import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();
let client: Client;
let client3: Client;

beforeAll(async () => {
  client = await server.connect();
  client3 = await server.connect3();
  await client.send("MSET", "a", "ohmytext", "b", "mynewtext", "n", "12345", "empty", "");
  await client.send("HSET", "h", "f", "v");
});
afterAll(async () => {
  await client.close();
  await client3.close();
});

test("the string, or its length", async () => {
  expect(await client.send("LCS", "a", "b")).toBe("mytext");
  expect(await client.send("LCS", "a", "b", "LEN")).toBe(6);
  expect(await client.send("LCS", "a", "a")).toBe("ohmytext");
  expect(await client.send("LCS", "n", "n")).toBe("12345");
  expect(await client.send("LCS", "a", "n")).toBe("");
});

test("the ranges, last first, in all of their forms", async () => {
  expect(await client.send("LCS", "a", "b", "IDX")).toEqual([
    "matches",
    [
      [
        [4, 7],
        [5, 8],
      ],
      [
        [2, 3],
        [0, 1],
      ],
    ],
    "len",
    6,
  ]);
  expect(await client.send("LCS", "a", "b", "idx", "MINMATCHLEN", "4", "WITHMATCHLEN")).toEqual([
    "matches",
    [[[4, 7], [5, 8], 4]],
    "len",
    6,
  ]);
  expect(await client3.sendExact("LCS", "a", "b", "IDX", "MINMATCHLEN", "5")).toEqual({
    map: [
      ["matches", []],
      ["len", 6],
    ],
  });
  expect(await client.send("LCS", "a", "b", "IDX", "MINMATCHLEN", "-3")).toEqual(
    await client.send("LCS", "a", "b", "IDX"),
  );
});

test("an absent key is the empty string", async () => {
  for (const key of ["none", "empty"]) {
    expect(await client.send("LCS", "a", key)).toBe("");
    expect(await client.send("LCS", key, "a", "LEN")).toBe(0);
    expect(await client.send("LCS", key, key, "IDX")).toEqual(["matches", [], "len", 0]);
  }
});

test("errors, the type before the options", async () => {
  const notStrings = error("ERR The specified keys must contain string values");
  expect(await client.send("LCS", "a", "h")).toEqual(notStrings);
  expect(await client.send("LCS", "h", "a", "BOGUS")).toEqual(notStrings);
  expect(await client.send("LCS", "a", "b", "BOGUS")).toEqual(error("ERR syntax error"));
  expect(await client.send("LCS", "a", "b", "MINMATCHLEN")).toEqual(error("ERR syntax error"));
  expect(await client.send("LCS", "a", "b", "MINMATCHLEN", "x")).toEqual(
    error("ERR value is not an integer or out of range"),
  );
  expect(await client.send("LCS", "a", "b", "IDX", "LEN")).toEqual(
    error("ERR If you want both the length and indexes, please just use IDX."),
  );
});
