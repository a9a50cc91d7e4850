import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExpiryWindow } from "../../src/keyspace/expiry-window.ts";

const GENERATION = 7;

/** The index in the store, and the window over it. */
class Model {
  readonly expiries = new Map<string, number>();
  readonly window: ExpiryWindow;
  nowMs = 1_000_000;
  /** Times that the index was read. */
  fills = 0;

  constructor(maxKeys?: number) {
    this.window = new ExpiryWindow(0, maxKeys);
  }

  set(key: string, expiresAtMs: number): void {
    if (expiresAtMs === 0) this.expiries.delete(key);
    else this.expiries.set(key, expiresAtMs);
    this.window.set(GENERATION, key, expiresAtMs);
  }

  #fill(meanwhile: () => void): void {
    this.fills++;
    this.window.beginFilling(this.nowMs);
    const index = [...this.expiries].toSorted(([, a], [, b]) => a - b);
    meanwhile();
    let { room } = this.window;
    for (const [key, expiresAtMs] of index) {
      if (room-- === 0) return this.window.stopFilling(expiresAtMs);
      if (!this.window.learn({ generation: GENERATION, key }, expiresAtMs)) return;
    }
  }

  /** Removes what is due, as the walk does; `meanwhile` happens whenever the index is read. */
  walk(meanwhile: () => void = () => undefined): string[] {
    const gone: string[] = [];
    for (let steps = 0; Math.min(this.window.firstDueMs, this.window.fillAtMs) <= this.nowMs; steps++) {
      if (steps > 1000) throw new Error("the walk does not end");
      let due = this.window.takeDue(this.nowMs, 3);
      if (due.length === 0 && this.window.fillAtMs <= this.nowMs) {
        this.#fill(meanwhile);
        due = this.window.takeDue(this.nowMs, 3);
      }
      for (const { key } of due) {
        // To look at a key that is not due does nothing.
        if (!this.#isDue(key)) continue;
        this.set(key, 0);
        gone.push(key);
      }
    }
    return gone;
  }

  #isDue(key: string): boolean {
    return (this.expiries.get(key) ?? Infinity) < this.nowMs;
  }

  get due(): string[] {
    return [...this.expiries.keys()].filter((key) => this.#isDue(key)).toSorted();
  }
}

const key = fc.nat(30).map(String);
const afterMs = fc.oneof(fc.nat(5), fc.nat(3000), fc.nat(60_000));
const action = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), key, afterMs }),
  fc.record({ kind: fc.constant("persist" as const), key }),
  fc.record({ kind: fc.constant("wait" as const), afterMs }),
  fc.record({ kind: fc.constant("meanwhile" as const), key, afterMs }),
);

test("every key is found as soon as it is due, whatever is changed and however little is kept", () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 60 }),
      fc.constantFrom(2, 4, 10, undefined),
      (actions, maxKeys) => {
        const model = new Model(maxKeys);
        let meanwhile = (): void => undefined;
        for (const each of actions) {
          if (each.kind === "set") model.set(each.key, model.nowMs + each.afterMs);
          else if (each.kind === "persist") model.set(each.key, 0);
          else if (each.kind === "meanwhile") {
            meanwhile = () => model.set(each.key, model.nowMs + 1 + each.afterMs);
          } else {
            model.nowMs += each.afterMs;
            const due = model.due;
            const gone = model.walk(meanwhile);
            meanwhile = () => undefined;
            expect(model.due).toEqual([]);
            // One that was set anew while the index was read is not gone.
            for (const one of gone) expect(due).toContain(one);
          }
        }
      },
    ),
    { numRuns: 1000 },
  );
});

describe("it holds", () => {
  test("no more than it may, nor ever more for keys that are deleted and set again", () => {
    const model = new Model(100);
    model.walk();
    for (let i = 0; i < 5000; i++) {
      model.set(`key:${i}`, model.nowMs + 1 + ((i * 37) % 9000));
      expect(model.window.size).toBeLessThanOrEqual(100);
    }
    for (let i = 0; i < 90; i++) {
      model.nowMs += 100;
      model.walk();
    }
    expect(model.expiries.size).toBe(0);
  });

  test("many keys of one moment", () => {
    const model = new Model(100);
    model.walk();
    for (let i = 0; i < 1000; i++) model.set(`key:${i}`, model.nowMs + 50);
    model.nowMs += 51;
    expect(model.walk().length).toBe(1000);
  });
});

test("the index is read every few seconds while keys expire in between, and not at all when none do", () => {
  const model = new Model();
  for (let i = 0; i < 60_000; i += 10) {
    model.nowMs += 10;
    model.set("one", model.nowMs + 1000);
    model.set(`often:${i % 100}`, model.nowMs + 10_000);
    model.walk();
  }
  expect(model.fills).toBeGreaterThan(5);
  expect(model.fills).toBeLessThan(12);
  model.nowMs += 20_000;
  model.walk();
  const before = model.fills;
  for (let i = 0; i < 100; i++) {
    model.nowMs += 1000;
    model.walk();
  }
  expect(model.fills - before).toBeLessThanOrEqual(1);
});
