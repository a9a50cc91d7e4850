import { parentPort, workerData } from "node:worker_threads";
import { openLevelStore } from "../store.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import { Rounds } from "./rounds.ts";

/** The entry of the collector's thread. It works until it is told to close (thread.ts). */

const { folder, pace } = workerData as WorkerData;
const port = parentPort!;
const tell = (report: Report): void => port.postMessage(report);

// The main thread has the database open and this one shares it: options for opening it have no effect.
const store = await openLevelStore(folder, { cacheSizeBytes: 0, backendOptions: {}, createIfMissing: false });
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
