// Stands for the thread that applies the redo log: notes its orders in the folder, makes nothing, and fails the second time.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort as port, workerData } from "node:worker_threads";

let count = 0;
port.on("message", (order) => {
  if (order.order === "close") port.close();
  if (order.order !== "apply") return;
  appendFileSync(join(workerData.folder, "orders"), `${JSON.stringify(order)}\n`);
  port.postMessage({ report: "applied", error: ++count === 2 ? new Error("the disk is full") : null });
});
port.postMessage({ report: "opened" });
