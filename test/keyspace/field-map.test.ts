import { expect, test } from "vitest";
import { FieldMap } from "../../src/keyspace/field-map.ts";
import { Random } from "../../src/support/random.ts";

const LIMITS = { hashMaxListpackEntries: 128 };

/** Counts how often all fields are looked at. */
class Counted extends FieldMap {
  walks = 0;

  override keys(): ReturnType<FieldMap["keys"]> {
    this.walks++;
    return super.keys();
  }
}

const put = (fields: FieldMap, field: string): void => {
  const isNew = !fields.has(field);
  fields.set(field, "value");
  if (isNew) fields.added(field);
};

const remove = (fields: FieldMap, field: string): void => {
  if (fields.delete(field)) fields.removed(field);
};

test("draws among changes do not look at all fields each time", () => {
  const random = new Random(1);
  const fields = new Counted(LIMITS);
  for (let i = 0; i < 1000; i++) put(fields, `f${i}`);
  for (let i = 0; i < 5000; i++) {
    remove(fields, fields.draw(random)[0]);
    put(fields, `new${i}`);
  }
  expect(fields.size).toBe(1000);
  expect(fields.walks).toBeLessThan(20);
});

test("a field that was deleted and is there again is drawn as often as others", () => {
  const random = new Random(2);
  const fields = new FieldMap(LIMITS);
  for (let i = 0; i < 20; i++) put(fields, `f${i}`);
  fields.draw(random);
  for (let i = 0; i < 8; i++) remove(fields, `f${i}`);
  for (let i = 0; i < 8; i++) put(fields, `f${i}`);
  for (let i = 20; i < 30; i++) put(fields, `f${i}`);
  for (let i = 15; i < 25; i++) remove(fields, `f${i}`);
  const hits = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const [field] = fields.draw(random);
    hits.set(field, (hits.get(field) ?? 0) + 1);
  }
  expect([...hits.keys()].sort()).toEqual([...fields.keys()].sort());
  expect(Math.min(...hits.values())).toBeGreaterThan(800);
  expect(Math.max(...hits.values())).toBeLessThan(1200);
});

test("a list that hardly anybody draws from does not grow", () => {
  const random = new Random(3);
  const fields = new Counted(LIMITS);
  for (let i = 0; i < 100; i++) put(fields, `f${i}`);
  fields.draw(random);
  for (let i = 0; i < 10_000; i++) {
    put(fields, `n${i}`);
    remove(fields, `n${i}`);
  }
  expect(fields.draw(random)[0]).toMatch(/^f\d+$/);
  expect(fields.walks).toBe(2);
});
