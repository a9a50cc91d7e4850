import { parentPort, workerData } from "node:worker_threads";
import { Rests } from "../../support/rests.ts";
import { openShared } from "../store.ts";
import type { Opened } from "../store-thread.ts";
import { Applier } from "./applier.ts";
import type { ApplyOrder, Order, Report, WorkerData } from "./messages.ts";
import { syncLevelDb } from "./sync.ts";

/** The entry of the thread that brings what is in the redo log into LevelDB. It works until it is told to close. */

const { folder } = workerData as WorkerData;
const port = parentPort!;
const tell = (report: Report | Opened): void => port.postMessage(report);

const store = await openShared(folder);
const rests = new Rests();
const applier = new Applier(store, {
  done: (bytes) => tell({ report: "progress", bytes }),
  rest: () => rests.take(),
});
let work = Promise.resolve();

port.on("message", (order: Order) => {
  if (order.order === "pace") {
    rests.areNeeded = order.isBusy;
    return;
  }
  work = work.then(() => (order.order === "apply" ? apply(order) : close()));
});
tell({ report: "opened" });

async function apply({ parts, goesOn, holdsLast, durably }: ApplyOrder): Promise<void> {
  try {
    rests.areNeeded = false;
    rests.begin();
    if (!goesOn) applier.forget();
    for (const part of parts) await applier.take(part);
    if (!holdsLast) await applier.flush();
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
