import { entryOf } from "../keyspace/stream/entries.ts";
import {
  type Group,
  consumerOfElement,
  groupOfElement,
  pendingOfElement,
} from "../keyspace/stream/groups.ts";
import type { StreamHeader } from "../keyspace/stream/header.ts";
import { ID_LENGTH, MIN_ID, type StreamId } from "../keyspace/stream/id.ts";
import { nodeOfElement } from "../keyspace/stream/nodes.ts";
import { PART } from "../keyspace/stream/view.ts";
import { readU32 } from "../storage/numbers.ts";
import type { Bytes } from "../support/bytes.ts";
import { RecordDamage } from "./packed.ts";

/** What the elements say of one group. */
interface Tally {
  consumers: number;
  /** As the consumers say. */
  pendingOfConsumers: number;
  pending: number;
  owned: number;
}

/** The elements of a stream, in order, against each other and its header. @throws RecordDamage, RangeError */
export class StreamElements {
  readonly #header: StreamHeader;
  #entries = 0;
  #first: StreamId = MIN_ID;
  #last: StreamId = MIN_ID;
  #nodes = 0;
  #live = 0;
  readonly #groups = new Map<number, Group>();
  readonly #tallies = new Map<number, Tally>();

  constructor(header: StreamHeader) {
    this.#header = header;
  }

  add(key: Bytes, value: Bytes): void {
    switch (key[0]) {
      case PART.entries:
        this.#entry(key, value);
        break;
      case PART.nodes:
        this.#nodes++;
        this.#live += nodeOfElement([key, value]).live;
        break;
      case PART.groups: {
        const { group } = groupOfElement([key, value]);
        if (this.#groups.has(group.number)) throw new RecordDamage("two groups of one number");
        this.#groups.set(group.number, group);
        break;
      }
      case PART.consumers: {
        const tally = this.#tally(key);
        tally.consumers++;
        tally.pendingOfConsumers += consumerOfElement([key, value]).consumer.pendingCount;
        break;
      }
      case PART.pending:
        pendingOfElement([key, value]);
        this.#tally(key).pending++;
        break;
      case PART.owned:
        this.#tally(key).owned++;
        break;
      default:
        throw new RecordDamage("an element of an unknown part");
    }
  }

  #entry(key: Bytes, value: Bytes): void {
    const { id, pairs } = entryOf([key, value]);
    if (id.length !== ID_LENGTH) throw new RecordDamage("an entry whose id is none");
    if (pairs.length % 2 !== 0) throw new RecordDamage("an entry with a field that has no value");
    if (this.#entries++ === 0) this.#first = id;
    this.#last = id;
  }

  #tally(key: Bytes): Tally {
    const number = readU32(key, 1);
    let tally = this.#tallies.get(number);
    if (tally === undefined) {
      tally = { consumers: 0, pendingOfConsumers: 0, pending: 0, owned: 0 };
      this.#tallies.set(number, tally);
    }
    return tally;
  }

  /** All have come. */
  end(): void {
    const { length, firstId, topId, lastId, nodeCount, tail, groupCount } = this.#header;
    compare("entries", this.#entries, length);
    compare("nodes", this.#nodes + (tail === null ? 0 : 1), nodeCount);
    compare("entries in nodes", this.#live + (tail?.live ?? 0), length);
    compare("groups", this.#groups.size, groupCount);
    if (length > 0 && (this.#first !== firstId || this.#last !== topId))
      throw new RecordDamage("other first and last ids");
    if (topId > lastId) throw new RecordDamage("an entry behind the last id");
    for (const [number, group] of this.#groups) {
      const tally = this.#tallies.get(number);
      compare("consumers", tally?.consumers ?? 0, group.consumerCount);
      compare("pending entries", tally?.pending ?? 0, group.pendingCount);
      compare("pending entries of consumers", tally?.pendingOfConsumers ?? 0, group.pendingCount);
      compare("places of pending entries", tally?.owned ?? 0, group.pendingCount);
      this.#tallies.delete(number);
    }
    if (this.#tallies.size > 0) throw new RecordDamage("consumers or pending entries of no group");
  }
}

function compare(what: string, found: number, told: number): void {
  if (found !== told) throw new RecordDamage(`${found} ${what}, and it says ${told}`);
}
