import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { openShared } from "../../storage/store.ts";
import type { Opened } from "../../storage/store-thread.ts";
import { Rests } from "../../support/rests.ts";
import { type RdbFields, SaveAborted, type SaveOutcome, withFields } from "./job.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import { type SaveControl, saveSnapshot } from "./save.ts";
import { streamSnapshot } from "./stream.ts";

/** The entry of the thread that writes an RDB, to a file or to the main thread (thread.ts). It ends with that. */

const { folder, job } = workerData as WorkerData;
const port = parentPort!;
const tell = (report: Report | Opened): void => port.postMessage(report);

/** Below the threads that serve clients: where there are fewer processors than work, those come first. */
const PRIORITY = 10;

/** At most so often the main thread hears how far it is. */
const PROGRESS_MS = 100;

/** So many lots of chunks may be under way to who takes them. */
const MAX_UNTAKEN = 4;

let isAborted = false;
let hasBegun = false;
/** LevelDB's threads, which read for this one, rest with it. */
const rests = new Rests();
let untaken = 0;
let wake: () => void = () => undefined;

const store = await openShared(folder);
port.on("message", (order: Order) => {
  if (order.order === "pace") rests.areNeeded = order.isBusy;
  if (order.order === "abort") isAborted = true;
  if (order.order === "more") untaken--;
  wake();
  if (hasBegun || order.order === "pace" || order.order === "more") return;
  hasBegun = true;
  void (order.order === "abort" ? end({ report: "aborted" }) : run(order.fields));
});
tell({ report: "opened" });

async function run(fields: RdbFields): Promise<void> {
  const snapshot = store.snapshot();
  tell({ report: "begun" });
  // Not before: until then the main thread waits for this one. And not while replicas wait.
  if ("file" in job) lowerPriority();
  let report: Report;
  let toldAt = performance.now();
  rests.begin();
  try {
    const outcome = await write({
      progress: (keys) => {
        if (performance.now() - toldAt < PROGRESS_MS) return;
        toldAt = performance.now();
        tell({ report: "progress", keys });
      },
      isAborted: () => isAborted,
      rest: () => rests.take(),
    });
    report = { report: "done", outcome };
  } catch (error) {
    report =
      error instanceof SaveAborted
        ? { report: "aborted" }
        : { report: "failed", message: (error as Error).message };
  }
  await snapshot.close();
  await end(report);

  function write(control: SaveControl): Promise<SaveOutcome> {
    const told = withFields(job, fields);
    return "file" in told
      ? saveSnapshot(snapshot, told, control)
      : streamSnapshot(snapshot, told, control, send);
  }
}

async function send(chunks: readonly Buffer[]): Promise<void> {
  // What is small may share its memory with others.
  const owned = chunks.filter(({ length }) => length > Buffer.poolSize / 2).map(({ buffer }) => buffer);
  const report: Report = { report: "chunks", chunks };
  port.postMessage(report, owned as ArrayBuffer[]);
  untaken++;
  while (untaken >= MAX_UNTAKEN && !isAborted) await new Promise<void>((resolve) => (wake = resolve));
  if (isAborted) throw new SaveAborted();
}

async function end(report: Report): Promise<void> {
  await store.close();
  // Not before: the main thread may close the database when it hears that.
  tell(report);
  port.close();
}

/** Linux has priorities for each thread, under its own number. Elsewhere it would be the process' that changes. */
function lowerPriority(): void {
  if (process.platform !== "linux") return;
  try {
    const thread = /^\d+\/task\/(\d+)$/.exec(readlinkSync("/proc/thread-self"))?.[1];
    if (thread !== undefined) setPriority(Number(thread), PRIORITY);
  } catch {
    // No /proc: it competes.
  }
}
