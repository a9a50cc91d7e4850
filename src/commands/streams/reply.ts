import type { Stream } from "../../keyspace/stream.ts";
import {
  type StreamEntry,
  clipped,
  countEntries,
  entryOf,
  entryRange,
  readEntries,
} from "../../keyspace/stream/entries.ts";
import { type IdRange, formatId } from "../../keyspace/stream/id.ts";
import { type Reply, StreamReply } from "../../resp/reply.ts";
import { firstOfRuns } from "../../support/first-of-runs.ts";

/** Entries that are read into memory for a reply; a longer one streams. */
const PAGE = 2000;

export const entryReply = ({ id, pairs }: StreamEntry): Reply => [formatId(id), pairs];

/** At most `limit` entries of a range: [id, [field, value …]] each. */
export function entriesReply(stream: Stream, range: IdRange, limit: number, reverse = false): Reply {
  const part = clipped(stream, range);
  if (part === null) return [];
  if (stream.isResident || stream.isInScript || limit <= PAGE)
    return readEntries(stream, part, limit, reverse).map(entryReply);
  const first = readEntries(stream, part, PAGE + 1, reverse);
  if (first.length <= PAGE) return first.map(entryReply);
  const count = Math.min(limit, countEntries(stream, part));
  const runs = stream.stream(entryRange(part, reverse), (key, value) => entryReply(entryOf([key, value])));
  // What is small came into memory while it was counted.
  if (runs === null) return readEntries(stream, part, limit, reverse).map(entryReply);
  return new StreamReply("array", count, firstOfRuns(runs, count));
}
