// The collector's thread from its source: tests need no build.
import { register } from "tsx/esm/api";

register();
await import("../../src/storage/collector/worker.ts");
