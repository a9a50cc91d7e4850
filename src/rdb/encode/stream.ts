import { type StreamEntry, entryOf, entryRange } from "../../keyspace/stream/entries.ts";
import { type NamedGroup, groupOfElement } from "../../keyspace/stream/groups.ts";
import { type StreamHeader, readStreamHeader } from "../../keyspace/stream/header.ts";
import { MIN_ID } from "../../keyspace/stream/id.ts";
import { entriesReadAt } from "../../keyspace/stream/lag.ts";
import type { Node } from "../../keyspace/stream/node.ts";
import { BEHIND_NODES, nodeKey, nodeOfElement } from "../../keyspace/stream/nodes.ts";
import { counterBytes } from "../../keyspace/stream/counter.ts";
import { PART } from "../../keyspace/stream/view.ts";
import type { ByteReader } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import { RdbType } from "../opcodes.ts";
import type { RdbOutput } from "./output.ts";
import { type Reads, MORE, forEach } from "./reads.ts";
import { encodeGroups } from "./stream-groups.ts";
import { StreamNodeWriter } from "./stream-node.ts";
import type { VersionNeed } from "./version.ts";

/** Versions of RDB files: streams at all, with all their counters, with active times of consumers. */
const STREAMS = 9;
const COUNTERS = 10;
const ACTIVE_TIMES = 11;

/** Nodes that are in memory at a time, about. */
const NODES_AT_ONCE = 1000;

/**
 * Streams. Entries are written in the nodes that `keyspace/stream/node.ts` keeps account of: listpacks of those that are
 * still there.
 */
export class StreamEncoder {
  readonly #output: RdbOutput;
  readonly #need: VersionNeed;
  readonly #writer: StreamNodeWriter;

  constructor(output: RdbOutput, need: VersionNeed) {
    this.#output = output;
    this.#need = need;
    this.#writer = new StreamNodeWriter(output);
  }

  /** Reads the header at once: what stands behind it is the caller's. */
  encode(reader: ByteReader, head: (rdbType: number) => void): Reads {
    return this.#encode(readStreamHeader(reader), head);
  }

  *#encode(header: StreamHeader, head: (rdbType: number) => void): Reads {
    const groups: NamedGroup[] = [];
    if (header.groupCount > 0) {
      yield* forEach({ gte: PART.groups, lt: PART.consumers }, (key, value) =>
        groups.push(groupOfElement([key, value])),
      );
    }
    const version = this.#versionFor(header, groups);
    head(version >= ACTIVE_TIMES ? RdbType.stream3 : version >= COUNTERS ? RdbType.stream2 : RdbType.stream);
    yield* this.#entries(header);
    const output = this.#output;
    output.length(header.length);
    writeId(output, header.lastId);
    if (version >= COUNTERS) {
      writeId(output, header.firstId);
      writeId(output, header.maxDeletedId);
      output.length64(counterBytes(header.entriesAdded));
    }
    yield* encodeGroups(output, groups, {
      hasCounters: version >= COUNTERS,
      hasActiveTimes: version >= ACTIVE_TIMES,
    });
  }

  /** What the file may have, or what the stream needs. */
  #versionFor(header: StreamHeader, groups: readonly NamedGroup[]): number {
    const { version } = this.#need;
    if (version >= COUNTERS) return version;
    if (needsCounters(header, groups)) {
      this.#need.raise(COUNTERS, "streams whose counters older versions do not keep");
      return COUNTERS;
    }
    this.#need.raise(STREAMS, "streams");
    return STREAMS;
  }

  *#entries(header: StreamHeader): Reads {
    const { nodeCount, tail } = header;
    this.#output.length(nodeCount);
    if (tail === null) return;
    let from = nodeKey(MIN_ID);
    for (let left = nodeCount - 1; left > 0;) {
      const nodes: Node[] = [];
      let run = yield { gte: from, lt: BEHIND_NODES };
      while (run.length > 0) {
        for (const element of run) nodes.push(nodeOfElement(element));
        if (nodes.length >= NODES_AT_ONCE) break;
        run = yield MORE;
      }
      const last = nodes[nodes.length - 1];
      if (last === undefined) throw new RangeError("damaged stream: a node is missing");
      yield* this.#nodes(nodes);
      left -= nodes.length;
      from = `${nodeKey(last.first)}\0`;
    }
    yield* this.#nodes([tail]);
  }

  /** Nodes that follow each other. */
  *#nodes(nodes: readonly Node[]): Reads {
    const writer = this.#writer;
    let at = 0;
    writer.start(nodes[0]!);
    const visit = (entry: StreamEntry): void => {
      while (entry.id > nodes[at]!.last) {
        writer.finish();
        writer.start(nodes[++at]!);
      }
      writer.add(entry);
    };
    const range = entryRange({ from: nodes[0]!.first, to: nodes[nodes.length - 1]!.last });
    yield* forEach(range, (key: Bytes, value: Bytes) => visit(entryOf([key, value])));
    writer.finish();
    if (at !== nodes.length - 1) throw new RangeError("damaged stream: the entries of a node are missing");
  }
}

/** Whether Redis would not find the same counters by itself where they are not in the file. */
function needsCounters(header: StreamHeader, groups: readonly NamedGroup[]): boolean {
  if (header.entriesAdded !== header.length || header.maxDeletedId !== MIN_ID) return true;
  return groups.some(({ group }) => group.entriesRead !== entriesReadAt(header, group.lastId));
}

/** Milliseconds and sequence, each as a length. */
function writeId(output: RdbOutput, id: Bytes): void {
  output.length64(id.slice(0, 8));
  output.length64(id.slice(8));
}
