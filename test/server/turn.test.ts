import { expect, test } from "vitest";
import type { Session } from "../../src/server/session.ts";
import { Turn } from "../../src/server/turn.ts";
import type { CommandRunner } from "../../src/server/session-host.ts";

/** A turn, and sessions that note what is done with them, in order. */
class Stage {
  readonly events: string[] = [];
  readonly turn: Turn;

  constructor() {
    const touch = (dbIndex: number, keys: readonly string[], values: boolean): void => {
      this.events.push(`${values ? "read" : "use"} ${keys.join(" ")} of ${dbIndex}`);
    };
    const gather = (work: () => void): void => {
      work();
      this.events.push("written");
    };
    this.turn = new Turn(
      { touch } as unknown as CommandRunner,
      { written: 0, wait: () => undefined, gather },
      () => this.events.push("over"),
    );
  }

  session(name: string, keys: { read?: string[]; used?: string[] }, dbIndex = 0, run?: () => void): Session {
    return {
      isTurnDue: false,
      isFlushDue: false,
      dbIndex,
      keysAhead: (read: string[], used: string[]) => {
        read.push(...(keys.read ?? []));
        used.push(...(keys.used ?? []));
      },
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
