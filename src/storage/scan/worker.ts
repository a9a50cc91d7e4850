import { parentPort, workerData } from "node:worker_threads";
import { openShared } from "../store.ts";
import type { Opened } from "../store-thread.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import { RunReader } from "./run-reader.ts";

/** The entry of the thread that reads whole ranges. It works until it is told to close. */

const { folder } = workerData as WorkerData;
const port = parentPort!;
const tell = (report: Report | Opened, moved: ArrayBuffer[] = []): void => port.postMessage(report, moved);

const store = await openShared(folder);
const scans = new Map<number, RunReader>();

port.on("message", (order: Order) => {
  if (order.order === "begin") scans.set(order.scan, new RunReader(store.iterate(order.range)));
  else if (order.order === "next") void answer(order.scan);
  else if (order.order === "end") void end(order.scan);
  else void close();
});
tell({ report: "opened" });

/** Answers come in the order of the questions. */
async function answer(scan: number): Promise<void> {
  try {
    const runs = scans.get(scan);
    if (runs === undefined) throw new Error("the scan has ended");
    const run = await runs.next();
    tell({ report: "run", scan, run }, run === null ? [] : [run.bytes.buffer, run.lengths.buffer]);
  } catch (error) {
    tell({ report: "failed", scan, error: error as Error });
    await end(scan);
  }
}

async function end(scan: number): Promise<void> {
  const runs = scans.get(scan);
  scans.delete(scan);
  await runs?.close();
}

/** With the iterators that are open: what they were asked for fails. */
async function close(): Promise<void> {
  await store.close();
  port.close();
}
