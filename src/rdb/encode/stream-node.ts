import type { StreamEntry } from "../../keyspace/stream/entries.ts";
import { wholeIdDifference } from "../../keyspace/stream/id.ts";
import type { Node } from "../../keyspace/stream/node.ts";
import type { Bytes } from "../../support/bytes.ts";
import { Listpack } from "./listpack.ts";
import type { RdbOutput } from "./output.ts";

/** The entry has the field names of the node's first one. */
const SAME_FIELDS = 2;

/**
 * A node of a stream, as Redis keeps it (stream.h): a listpack of
 *
 *   entries, deleted ones, number of fields, names of the fields, 0
 *   and for each entry: flags, distances of its id to the node's, fields and values (or, with SAME_FIELDS, values),
 *   and how many of these parts there are
 *
 * Deleted entries are not written.
 */
export class StreamNodeWriter {
  readonly #output: RdbOutput;
  readonly #pack = new Listpack();
  #node: Node | null = null;
  #entries = 0;
  #names: Bytes[] = [];

  constructor(output: RdbOutput) {
    this.#output = output;
  }

  start(node: Node): void {
    this.#node = node;
    this.#entries = 0;
    this.#pack.start();
  }

  add({ id, pairs }: StreamEntry): void {
    const node = this.#node!;
    const pack = this.#pack;
    const fields = pairs.length / 2;
    if (this.#entries === 0) this.#begin(node, pairs);
    const hasSameNames = this.#hasSameNames(pairs);
    pack.addInteger(hasSameNames ? SAME_FIELDS : 0);
    pack.addInteger(wholeIdDifference(id, node.first, 0));
    pack.addInteger(wholeIdDifference(id, node.first, 8));
    if (hasSameNames) {
      for (let i = 1; i < pairs.length; i += 2) pack.add(pairs[i]!);
      pack.addInteger(fields + 3);
    } else {
      pack.addInteger(fields);
      for (const bytes of pairs) pack.add(bytes);
      pack.addInteger(2 * fields + 4);
    }
    this.#entries++;
  }

  #begin({ live }: Node, pairs: readonly Bytes[]): void {
    const pack = this.#pack;
    this.#names = pairs.filter((_, i) => i % 2 === 0);
    pack.addInteger(live);
    pack.addInteger(0);
    pack.addInteger(this.#names.length);
    for (const name of this.#names) pack.add(name);
    pack.addInteger(0);
  }

  #hasSameNames(pairs: readonly Bytes[]): boolean {
    const names = this.#names;
    return pairs.length === 2 * names.length && names.every((name, i) => name === pairs[2 * i]);
  }

  /** Writes the id of the node, and the node. */
  finish(): void {
    const node = this.#node!;
    if (this.#entries !== node.live) throw new RangeError("damaged stream: a node does not have its entries");
    this.#output.string(node.first);
    this.#output.blob(this.#pack.finish());
  }
}
