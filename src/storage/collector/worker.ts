import { parentPort, workerData } from "node:worker_threads";
import { openShared } from "../store.ts";
import type { Opened } from "../store-thread.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import { Rounds } from "./rounds.ts";

/** The entry of the collector's thread. It works until it is told to close (thread.ts). */

const { folder, pace } = workerData as WorkerData;
const port = parentPort!;
const tell = (report: Report | Opened): void => port.postMessage(report);

const store = await openShared(folder);
const rounds = new Rounds(store, pace, {
  onProgress: (progress) => tell({ report: "progress", progress }),
  onError: (error) => tell({ report: "error", error }),
});
port.on("message", (order: Order) => {
  if (order.order === "configure") rounds.configure(order.pace);
  else void close();
});
tell({ report: "opened" });

/** A failure ends the thread as well, and the main thread learns of it. */
async function close(): Promise<void> {
  await rounds.pause();
  await store.close();
  port.close();
}
