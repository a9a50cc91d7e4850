import { describe, expect, test } from "vitest";
import type { Session } from "../../src/server/session.ts";
import { Turn } from "../../src/server/turn.ts";
import type { CommandRunner, UsedKeys } from "../../src/server/session-host.ts";

const usingIt = (key: string): string[] => ["sadd", key, "member"];

/** A turn, and sessions that note what is done with them, in order. */
class Stage {
  readonly events: string[] = [];
  readonly turn: Turn;
  /** Keys that are not in memory. */
  readonly missing = new Set<string>();
  /** What the sessions lack has been read, or not. */
  readonly reads: { end: () => void; fail: () => void }[] = [];

  constructor() {
    const missingOf = (keys: readonly string[]): number => keys.filter((key) => this.missing.has(key)).length;
    const touch = (dbIndex: number, keys: readonly string[]): number => {
      this.events.push(`read ${keys.join(" ")} of ${dbIndex}`);
      return missingOf(keys);
    };
    const touchFor = (dbIndex: number, keys: readonly string[], requests: readonly string[][]): number => {
      expect(requests).toEqual(keys.map(usingIt));
      this.events.push(`use ${keys.join(" ")} of ${dbIndex}`);
      return missingOf(keys);
    };
    const readAhead = (sessions: readonly Session[]) => {
      const callers = sessions.filter((session) => {
        const keys: string[] = [];
        session.keysAhead(keys, { keys, requests: [] });
        return keys.some((key) => this.missing.has(key));
      });
      this.events.push(`read for ${callers.length} of ${sessions.length}`);
      const read = new Promise<() => void>((resolve, reject) => {
        this.reads.push({
          end: () => resolve(() => this.events.push("take")),
          fail: () => reject(new Error("disk")),
        });
      });
      return [{ callers, read }];
    };
    const gather = (work: () => void): void => {
      work();
      this.events.push("written");
    };
    this.turn = new Turn(
      { touch, touchFor, readAhead } as unknown as CommandRunner,
      { written: 0, wait: () => undefined, gather },
      () => this.events.push("over"),
    );
  }

  session(name: string, keys: { read?: string[]; used?: string[] }, dbIndex = 0, run?: () => void): Session {
    return {
      isTurnDue: false,
      isFlushDue: false,
      dbIndex,
      keysAhead: (read: string[], used: UsedKeys) => {
        read.push(...(keys.read ?? []));
        used.keys.push(...(keys.used ?? []));
        used.requests.push(...(keys.used ?? []).map(usingIt));
      },
      awaitKeys: () => this.events.push(`${name} waits`),
      runDue: () => {
        this.events.push(`run ${name}`);
        run?.();
      },
      flush: () => this.events.push(`flush ${name}`),
    } as unknown as Session;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("keys of all are brought near, then all run, then it is written, then replies leave", async () => {
  const stage = new Stage();
  const a = stage.session("a", { read: ["x"], used: ["y"] });
  const b = stage.session("b", { read: ["z"], used: ["w", "v"] });
  const listener = stage.session("listener", {});
  stage.turn.runLater(a);
  stage.turn.flushLater(listener);
  stage.turn.runLater(b);
  // More of it has come: its requests run in one go.
  stage.turn.runLater(a);
  expect(stage.events).toEqual([]);
  await nextTurn();
  expect(stage.events).toEqual([
    ...["read x z of 0", "use y w v of 0", "run a", "run b", "written"],
    ...["flush listener", "flush a", "flush b", "over"],
  ]);
});

test("not more keys are brought near at once than are used before they are far again", async () => {
  const stage = new Stage();
  const many = Array.from({ length: 64 }, (_, i) => `k${i}`);
  stage.turn.runLater(stage.session("a", { used: many }));
  stage.turn.runLater(stage.session("b", { used: ["x", "y"] }));
  await nextTurn();
  expect(stage.events.slice(0, 4)).toEqual([`use ${many.join(" ")} of 0`, "run a", "use x y of 0", "run b"]);
});

test("keys are looked for in the database of the client", async () => {
  const stage = new Stage();
  stage.turn.runLater(stage.session("a", { read: ["x", "y"] }));
  stage.turn.runLater(stage.session("b", { read: ["z", "w"] }, 3));
  stage.turn.runLater(stage.session("c", { read: ["v"] }, 3));
  await nextTurn();
  expect(stage.events.slice(0, 5)).toEqual([
    ...["read x y of 0", "run a", "read z w v of 3", "run b", "run c"],
  ]);
});

test("who has yielded goes on in the next turn, behind the replies of this one", async () => {
  const stage = new Stage();
  let times = 0;
  const greedy = stage.session("greedy", { used: ["k"] }, 0, () => {
    if (++times < 3) stage.turn.runLater(greedy);
  });
  stage.turn.runLater(greedy);
  await nextTurn();
  expect(stage.events).toEqual(["run greedy", "written", "flush greedy", "over"]);
  await nextTurn();
  await nextTurn();
  expect(stage.events.filter((event) => event === "run greedy")).toHaveLength(3);
  await nextTurn();
  expect(stage.events).toHaveLength(12);
});

describe("where many keys are not in memory", () => {
  const started = async () => {
    const stage = new Stage();
    const [read, used] = ["p", "q"].map((name) => Array.from({ length: 16 }, (_, i) => name + i)) as [
      string[],
      string[],
    ];
    for (const key of [...read, ...used]) stage.missing.add(key);
    const cold = stage.session("cold", { read: [...read, "x"], used });
    const warm = stage.session("warm", { read: ["y"] });
    stage.turn.runLater(cold);
    stage.turn.runLater(warm);
    await nextTurn();
    return { stage, cold, warm };
  };

  test("who needs them runs when they have been read, the others at once", async () => {
    const { stage, cold } = await started();
    expect(stage.events.splice(0).slice(2)).toEqual([
      ...["read for 1 of 2", "cold waits", "run warm", "written", "flush warm", "over"],
    ]);
    // More of it that comes meanwhile waits behind.
    stage.turn.runLater(cold);
    await nextTurn();
    expect(stage.events).toEqual([]);
    stage.reads[0]!.end();
    await nextTurn();
    await nextTurn();
    expect(stage.events).toEqual(["take", "run cold", "written", "flush cold", "over"]);
  });

  test("what was read comes before what has been sent since", async () => {
    const { stage, warm } = await started();
    stage.events.length = 0;
    stage.reads[0]!.end();
    await Promise.resolve();
    stage.turn.runLater(warm);
    await nextTurn();
    await nextTurn();
    expect(stage.events.slice(0, 3)).toEqual(["take", "run cold", "run warm"]);
  });

  test("when they cannot be read requests run all the same, and meet the error", async () => {
    const { stage } = await started();
    stage.events.length = 0;
    stage.reads[0]!.fail();
    await nextTurn();
    await nextTurn();
    expect(stage.events).toEqual(["run cold", "written", "flush cold", "over"]);
  });

  test("a few are not looked for, in a turn or among many keys", async () => {
    const stage = new Stage();
    const keys = Array.from({ length: 64 }, (_, i) => `k${i}`);
    for (const key of keys.slice(0, 31)) stage.missing.add(key);
    stage.turn.runLater(stage.session("a", { read: keys.slice(0, 31) }));
    stage.turn.runLater(stage.session("b", { read: keys.slice(31, 64) }));
    await nextTurn();
    expect(stage.events.slice(1, 3)).toEqual(["run a", "run b"]);
    stage.events.length = 0;
    // In each of four groups of 64.
    for (let i = 0; i < 4; i++) {
      const read = keys.map((key) => `${i}:${key}`);
      for (const key of read.slice(0, 15)) stage.missing.add(key);
      stage.turn.runLater(stage.session(`c${i}`, { read }));
    }
    await nextTurn();
    expect(stage.events.filter((event) => event.startsWith("run"))).toHaveLength(4);
    expect(stage.events.filter((event) => event.startsWith("read for"))).toEqual([]);
  });
});
