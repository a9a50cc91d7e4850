import { parentPort, workerData } from "node:worker_threads";
import { Rests } from "../../support/rests.ts";
import { openShared } from "../store.ts";
import type { Opened } from "../store-thread.ts";
import { applyPart } from "./apply.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import type { LogPart } from "./reader.ts";
import { syncLevelDb } from "./sync.ts";

/** The entry of the thread that brings what is in the redo log into LevelDB. It works until it is told to close. */

const { folder } = workerData as WorkerData;
const port = parentPort!;
const tell = (report: Report | Opened): void => port.postMessage(report);

const store = await openShared(folder);
const rests = new Rests();
let work = Promise.resolve();

port.on("message", (order: Order) => {
  if (order.order === "pace") {
    rests.areNeeded = order.isBusy;
    return;
  }
  work = work.then(() => (order.order === "apply" ? apply(order.parts, order.durably) : close()));
});
tell({ report: "opened" });

async function apply(parts: readonly LogPart[], durably: boolean): Promise<void> {
  try {
    const done = (bytes: number): void => tell({ report: "progress", bytes });
    rests.areNeeded = false;
    rests.begin();
    for (const part of parts) await applyPart(store, part, done, () => rests.take());
    if (durably) await syncLevelDb(folder);
    tell({ report: "applied", error: null });
  } catch (error) {
    tell({ report: "applied", error: error as Error });
  }
}

async function close(): Promise<void> {
  await store.close();
  port.close();
}
