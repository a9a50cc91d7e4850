import type { Context } from "../command.ts";
import type { Field } from "./field.ts";

interface Level {
  readonly level: number;
  readonly files: number;
  readonly megabytes: number;
  /** Since the database was opened. */
  readonly compactionS: number;
  readonly compactionReadMb: number;
  readonly compactionWrittenMb: number;
}

/** The rows of `leveldb.stats`: level, files, size in MB, then time, MB read and MB written by compactions. */
function levelsOf(stats: string): Level[] {
  const levels: Level[] = [];
  for (const line of stats.split("\n")) {
    const columns = line.trim().split(/\s+/).map(Number);
    if (columns.length !== 6 || columns.some(Number.isNaN)) continue;
    const [level, files, megabytes, compactionS, compactionReadMb, compactionWrittenMb] = columns;
    levels.push({
      level: level!,
      files: files!,
      megabytes: megabytes!,
      compactionS: compactionS!,
      compactionReadMb: compactionReadMb!,
      compactionWrittenMb: compactionWrittenMb!,
    });
  }
  return levels;
}

/** What no Redis has: the store, the cache of records before it, commits, the collector. */
export function* leveldbSection({ server, keyspace }: Context): Iterable<Field> {
  const { config, collector, counters } = server;
  const { reading, committer, cache } = keyspace;
  yield ["backend", config.values.backend];
  const stats = reading.store.property("leveldb.stats");
  if (stats !== undefined) {
    const levels = levelsOf(stats);
    const sum = (of: (level: Level) => number): number =>
      levels.reduce((total, level) => total + of(level), 0);
    yield ["leveldb_files", sum(({ files }) => files)];
    yield ["leveldb_size_mb", sum(({ megabytes }) => megabytes)];
    yield ["leveldb_compaction_seconds", sum(({ compactionS }) => compactionS)];
    yield ["leveldb_compaction_read_mb", sum(({ compactionReadMb }) => compactionReadMb)];
    yield ["leveldb_compaction_written_mb", sum(({ compactionWrittenMb }) => compactionWrittenMb)];
    for (const { level, files, megabytes } of levels) {
      yield [`leveldb_level${level}`, `files=${files},size_mb=${megabytes}`];
    }
    yield ["leveldb_cache_size", config.values.cacheSize];
    // Block cache and memtables.
    yield ["leveldb_memory", reading.store.property("leveldb.approximate-memory-usage") ?? 0];
  }
  yield ["record_cache_size", cache.limits.limitBytes];
  yield ["record_cache_allowed", cache.allowedBytes];
  yield ["record_cache_used", cache.bytes];
  yield ["record_cache_records", cache.count];
  yield ["record_cache_evictions", cache.evictions];
  yield ["inline_reads", reading.inlineReads];
  yield ["reads_ahead", reading.readsAhead];
  yield ["faults", reading.faults];
  yield ["command_restarts", counters.restarts];
  yield ["commit_batches", committer.batches];
  yield ["commit_fsyncs", committer.fsyncs];
  yield ["commit_backlog_bytes", committer.backlogBytes];
  yield ["redo_log_rounds", committer.rounds];
  const { waiting, collected, deleted, rounds, compactions } = collector.progress;
  yield ["collector_waiting", waiting];
  yield ["collector_collected", collected];
  yield ["collector_deleted_entries", deleted];
  yield ["collector_rounds", rounds];
  yield ["collector_compactions", compactions];
}
