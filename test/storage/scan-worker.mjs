// The thread that reads ranges from its source: tests need no build.
import { register } from "tsx/esm/api";

register();
await import("../../src/storage/scan/worker.ts");
