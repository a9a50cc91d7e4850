import type { Context } from "../command.ts";
import type { Field } from "./field.ts";

/** Of a load that is going on, in Redis' words; nothing otherwise. */
export function* loadingFields({ server: { loading } }: Context): Iterable<Field> {
  if (loading === null) return;
  yield ["loading_start_time", loading.startedAtS];
  yield ["loading_total_bytes", loading.totalBytes];
  yield ["loading_rdb_used_mem", loading.usedMemory];
  yield ["loading_loaded_bytes", loading.loadedBytes];
  yield ["loading_loaded_perc", loading.percent.toFixed(2)];
  yield ["loading_eta_seconds", loading.etaS];
}
