import { expect, test } from "vitest";
import { useCompat } from "./compat.ts";
import { showDisagreement } from "./pair.ts";

const compat = useCompat();
const elements = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `element:${from + i}`);

compat("PFADD, PFCOUNT, PFMERGE", [
  "PFADD a",
  "PFADD a",
  "GET a",
  "STRLEN a",
  "OBJECT ENCODING a",
  "PFCOUNT a",
  "GET a",
  "PFADD a x y z",
  "PFADD a x",
  'PFADD a "" \\x00 "long: more than eight bytes, so that there are blocks"',
  "GET a",
  "PFCOUNT a",
  "GET a",
  "PFADD a x",
  "GET a",
  "PFADD b 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
  "GET b",
  "PFCOUNT a b",
  "PFCOUNT a none",
  "PFCOUNT none",
  "PFCOUNT none none2",
  "PFMERGE c",
  "GET c",
  "PFMERGE c a b",
  "GET c",
  "PFCOUNT c",
  "GET c",
  "PFMERGE c a",
  "GET c",
  "PFMERGE a b",
  "GET a",
  "EXPIRE c 1000",
  "PFADD c 1000",
  "TTL c",
]);

compat("what is no HyperLogLog", [
  "SET s hello",
  "PFADD s x",
  "PFCOUNT s",
  "PFCOUNT s none",
  "PFMERGE s none",
  "PFMERGE none s",
  "EXISTS none",
  "SET n 12345678901234567",
  "PFADD n x",
  "SADD set a",
  "PFADD set x",
  "PFCOUNT set",
  "PFCOUNT none set",
  "PFMERGE new set",
  "PFDEBUG ENCODING set",
  'SET v "HYLL\\x02\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"',
  "PFCOUNT v",
  'SET d "HYLL\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"',
  "PFCOUNT d",
  'SET known "HYLL\\x01\\x00\\x00\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08"',
  "PFCOUNT known",
  "PFADD known x",
  "PFADD c x y z",
  "APPEND c hello",
  "PFCOUNT c",
  "PFCOUNT c none",
  "PFMERGE none c",
  "PFDEBUG DECODE c",
  "PFDEBUG GETREG c",
  "PFDEBUG TODENSE c",
  "PFADD short a b c",
  "SETRANGE short 16 \\x00",
  "PFADD short d e f",
  "PFADD m a",
  "SETRANGE m 0 0123",
  "PFADD m b",
  "PFCOUNT m",
]);

compat("a HyperLogLog longer than any", [
  "PFADD long a b c",
  "SETRANGE long 300000 x",
  "PFCOUNT long",
  "SETRANGE other 300000 x",
  "PFCOUNT other",
  "PFADD other x",
]);

compat("PFDEBUG and PFSELFTEST", [
  "PFDEBUG ENCODING none",
  "PFDEBUG BOGUS none",
  "PFADD k a b c d e",
  "PFDEBUG BOGUS k",
  "PFDEBUG ENCODING k",
  "PFDEBUG DECODE k",
  "PFDEBUG ENCODING k x",
  "PFDEBUG TODENSE k",
  "PFDEBUG TODENSE k",
  "PFDEBUG ENCODING k",
  "PFDEBUG DECODE k",
  "PFDEBUG GETREG k",
  "GET k",
  "PFCOUNT k",
  "GET k",
  "PFADD k a",
  "PFADD k f",
  "GET k",
  "PFADD j a b",
  "PFDEBUG GETREG j",
  "PFDEBUG ENCODING j",
  "GET j",
  "PFSELFTEST",
]);

compat("hll-sparse-max-bytes", [
  "CONFIG SET hll-sparse-max-bytes 30",
  "PFADD k a",
  "PFADD k b c d e f g h i",
  "PFDEBUG ENCODING k",
  "GET k",
  "PFADD l 1",
  "PFADD m 2 3 4",
  "PFMERGE l m",
  "PFDEBUG ENCODING l",
  "GET l",
  "CONFIG SET hll-sparse-max-bytes 0",
  "PFADD z a",
  "PFDEBUG ENCODING z",
  "CONFIG SET hll-sparse-max-bytes 20000",
  "PFADD y a b c",
  "PFMERGE y k",
  "PFDEBUG ENCODING y",
  "GET y",
  "CONFIG SET hll-sparse-max-bytes 3000",
]);

/** Over the border between the two forms, where runs are split and joined in every way. */
test.each([2, 3] as const)("many elements, byte for byte, RESP%i", async (resp) => {
  const pair = compat.pair(resp);
  await pair.reset();
  const agree = async (...command: string[]): Promise<void> => {
    const found = await pair.run(command);
    expect(found === undefined ? "" : showDisagreement(found)).toBe("");
  };
  for (let from = 0; from < 6000; from += 97) {
    await agree("PFADD", "k", ...elements(from, from + 97));
    await agree("GET", "k");
    if (from % 3 === 0) await agree("PFCOUNT", "k");
  }
  for (let from = 0; from < 3000; from += 500) {
    const key = `part${from}`;
    await agree("PFADD", key, ...elements(from, from + 700));
    await agree("PFMERGE", "merged", key);
    await agree("GET", "merged");
    await agree("PFCOUNT", "merged", key, "k");
  }
});
