import { expect, test } from "vitest";
import { FieldMap } from "../../src/keyspace/field-map.ts";
import { MemberMap } from "../../src/keyspace/member-map.ts";
import { MembersAhead } from "../../src/keyspace/members-ahead.ts";
import type { TypeName, ValueObject } from "../../src/keyspace/value.ts";
import { Random } from "../../src/support/random.ts";

const LIMITS = { hashMaxListpackEntries: 128 };

test("holds what a Map holds, few and many", () => {
  const random = new Random(1);
  const map = new MemberMap<number>();
  const model = new Map<string, number>();
  const check = (): void => {
    expect(map.size).toBe(model.size);
    expect(new Map(map)).toEqual(model);
    expect(new Set(map.keys())).toEqual(new Set(model.keys()));
  };
  for (let n = 0; n < 60_000; n++) {
    const member = `m${random.below(n < 20_000 ? 3000 : 9000)}`;
    if (random.below(4) === 0) expect(map.delete(member)).toBe(model.delete(member));
    else {
      map.set(member, n);
      model.set(member, n);
    }
    expect(map.get(member)).toBe(model.get(member));
    expect(map.has(member)).toBe(model.has(member));
    if (n === 19_999) {
      expect(map.wide).toBe(null);
      // A few keep their order.
      expect([...map]).toEqual([...model]);
      check();
    }
  }
  expect(map.wide).toBe(map);
  check();
});

test("members that are looked for together are all there, and stay what they are", () => {
  const fields = new FieldMap(LIMITS);
  const names = Array.from({ length: 10_000 }, (_, n) => `field:${n}`);
  for (const name of names) fields.set(name, `value of ${name}`);
  fields.wide!.touch([...names, "none", ""]);
  expect(names.filter((name) => fields.get(name) !== `value of ${name}`)).toEqual([]);
  expect(fields.draw(new Random(2))[1]).toMatch(/^value of/);
});

test("of the requests of a turn it is known which members they ask for", () => {
  const touched: string[] = [];
  const object = (type: TypeName, name: string | null): ValueObject => {
    const touch = (members: readonly string[]): void => void touched.push(`${name}: ${members.join(" ")}`);
    return { type, wide: name === null ? null : { touch } } as unknown as ValueObject;
  };
  const hash = object("hash", "hash");
  const zset = object("zset", "zset");
  const small = object("set", null);
  const ahead = new MembersAhead();
  ahead.add(hash, ["HSET", "h", "f1", "v"]);
  ahead.add(small, ["SADD", "s", "m"]);
  ahead.add(hash, ["HGET", "h", "f2"]);
  ahead.add(zset, ["ZADD", "z", "NX", "1", "m1"]);
  ahead.add(hash, ["HLEN"]);
  ahead.add(hash, ["HGET", "h", "x".repeat(1000)]);
  ahead.add(zset, ["ZSCORE", "z", "m2"]);
  ahead.touch();
  expect(touched).toEqual(["hash: f1 f2", "zset: m1 m2"]);
  // One alone is not worth it.
  ahead.add(hash, ["HGET", "h", "f3"]);
  ahead.touch();
  ahead.touch();
  expect(touched).toHaveLength(2);
});
