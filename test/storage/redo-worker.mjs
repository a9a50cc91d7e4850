// The thread that applies the redo log, from its source: tests need no build.
import { register } from "tsx/esm/api";

register();
await import("../../src/storage/redo/worker.ts");
