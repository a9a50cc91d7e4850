import { machine, release, totalmem, type } from "node:os";
import { bytesOfText } from "../../support/bytes.ts";
import { nowMicroseconds } from "../../support/clock.ts";
import { REDIS_VERSION, VERSION } from "../../support/version.ts";
import type { Context } from "../command.ts";
import type { Scripting } from "../scripting/scripting.ts";
import { type Field, human, seconds } from "./field.ts";

const OS = `${type()} ${release()} ${machine()}`;

/** libuv's way to wait for sockets. */
const MULTIPLEXING =
  process.platform === "linux" ? "epoll" : process.platform === "win32" ? "iocp" : "kqueue";

export function* serverSection({ server, nowMs }: Context): Iterable<Field> {
  const { config } = server;
  const uptimeS = Math.floor((nowMs - server.startedAtMs) / 1000);
  yield ["redis_version", REDIS_VERSION];
  yield ["leveldis_version", VERSION];
  yield ["redis_mode", "standalone"];
  yield ["os", OS];
  yield ["arch_bits", 64];
  yield ["multiplexing_api", MULTIPLEXING];
  yield ["node_version", process.versions.node];
  yield ["process_id", process.pid];
  yield ["process_supervised", "no"];
  yield ["run_id", server.runId];
  yield ["tcp_port", server.port];
  yield ["server_time_usec", nowMicroseconds()];
  yield ["uptime_in_seconds", uptimeS];
  yield ["uptime_in_days", Math.floor(uptimeS / 86_400)];
  yield ["hz", config.values.hz];
  yield ["configured_hz", config.values.hz];
  yield ["lru_clock", Math.floor(nowMs / 1000) % 2 ** 24];
  yield ["executable", bytesOfText(process.argv[1] ?? process.execPath)];
  yield ["config_file", bytesOfText(config.file ?? "")];
  yield ["io_threads_active", 0];
  const { leftMs } = server.replication.grace;
  if (leftMs !== null) yield ["shutdown_in_milliseconds", leftMs];
}

export function* clientsSection({ server }: Context): Iterable<Field> {
  const { clients } = server;
  let blocked = 0;
  for (const client of clients) if (client.blocked) blocked++;
  yield ["connected_clients", clients.size - server.replication.replicas.size];
  yield ["cluster_connections", 0];
  yield ["maxclients", server.config.values.maxclients];
  yield ["client_recent_max_input_buffer", clients.recentMaxInputBuffer];
  yield ["client_recent_max_output_buffer", clients.recentMaxOutputBuffer];
  yield ["blocked_clients", blocked];
  yield ["tracking_clients", server.tracking.clients];
  yield ["clients_in_timeout_table", 0];
}

/** `used_memory` is what V8 and LevelDB hold, the dataset in it what the record cache does. */
export function* memorySection({ server, keyspace }: Context): Iterable<Field> {
  const { memory, config, collector } = server;
  const { usedBytes: heapBytes, residentBytes } = memory.use();
  const levelBytes = Number(keyspace.reading.store.property("leveldb.approximate-memory-usage") ?? 0);
  const usedBytes = heapBytes + levelBytes;
  const peakBytes = Math.max(memory.peakBytes, usedBytes);
  const datasetBytes = keyspace.cache.bytes;
  const { maxmemory } = config.values;
  const replicationBytes = server.replication.bufferBytes;
  yield ["used_memory", usedBytes];
  yield ["used_memory_human", human(usedBytes)];
  yield ["used_memory_rss", residentBytes];
  yield ["used_memory_rss_human", human(residentBytes)];
  yield ["used_memory_peak", peakBytes];
  yield ["used_memory_peak_human", human(peakBytes)];
  yield ["used_memory_peak_perc", `${percent(usedBytes, peakBytes)}%`];
  yield ["used_memory_overhead", Math.max(usedBytes - datasetBytes, 0)];
  yield ["used_memory_startup", memory.startupBytes];
  yield ["used_memory_dataset", datasetBytes];
  yield [
    "used_memory_dataset_perc",
    `${percent(datasetBytes, Math.max(usedBytes - memory.startupBytes, datasetBytes))}%`,
  ];
  yield ["total_system_memory", totalmem()];
  yield ["total_system_memory_human", human(totalmem())];
  yield* scriptsFields(server.scripting);
  yield ["maxmemory", maxmemory];
  yield ["maxmemory_human", human(maxmemory)];
  yield ["maxmemory_policy", config.values.maxmemoryPolicy];
  yield ["mem_fragmentation_ratio", (residentBytes / usedBytes).toFixed(2)];
  yield ["mem_fragmentation_bytes", residentBytes - usedBytes];
  yield ["mem_not_counted_for_evict", 0];
  yield ["mem_replication_backlog", replicationBytes.backlog];
  yield ["mem_total_replication_buffers", replicationBytes.backlog + replicationBytes.replicas];
  yield ["mem_clients_slaves", replicationBytes.replicas];
  yield ["mem_cluster_links", 0];
  yield ["mem_aof_buffer", keyspace.committer.backlogBytes];
  yield ["mem_allocator", "v8"];
  yield ["active_defrag_running", 0];
  yield ["lazyfree_pending_objects", collector.progress.waiting];
  yield ["lazyfreed_objects", collector.progress.collected];
}

/** Lua's memory is counted by its engines, and is no part of `used_memory`. */
function* scriptsFields({ cache, libraries, evalEngine, functionEngine }: Scripting): Iterable<Field> {
  const evalBytes = evalEngine.usedMemory;
  const functionBytes = functionEngine.usedMemory;
  const scriptBytes = cache.bytes;
  const libraryBytes = libraries.bytes;
  yield ["used_memory_lua", evalBytes];
  yield ["used_memory_vm_eval", evalBytes];
  yield ["used_memory_lua_human", human(evalBytes)];
  yield ["used_memory_scripts_eval", scriptBytes];
  yield ["number_of_cached_scripts", cache.count];
  yield ["number_of_functions", libraries.functionCount];
  yield ["number_of_libraries", libraries.count];
  yield ["used_memory_vm_functions", functionBytes];
  yield ["used_memory_vm_total", evalBytes + functionBytes];
  yield ["used_memory_vm_total_human", human(evalBytes + functionBytes)];
  yield ["used_memory_functions", libraryBytes];
  yield ["used_memory_scripts", scriptBytes + libraryBytes];
  yield ["used_memory_scripts_human", human(scriptBytes + libraryBytes)];
}

function percent(part: number, whole: number): string {
  return (whole === 0 ? 0 : (100 * part) / whole).toFixed(2);
}

/** All threads together; Node tells no more. There are no child processes. */
export function* cpuSection(): Iterable<Field> {
  const { system, user } = process.cpuUsage();
  yield ["used_cpu_sys", seconds(system)];
  yield ["used_cpu_user", seconds(user)];
  yield ["used_cpu_sys_children", seconds(0)];
  yield ["used_cpu_user_children", seconds(0)];
}
