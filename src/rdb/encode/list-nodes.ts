import type { Bytes } from "../../support/bytes.ts";
import { RdbNode } from "../opcodes.ts";
import type { RdbOutput } from "./output.ts";
import type { Pack } from "./pack.ts";

/** `list-max-listpack-size` −1 to −5 as bytes. */
const SIZES = [4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10];

/** With a limit by elements a node is not larger than this either. */
const SAFE_BYTES = 8 << 10;

/** What Redis takes an element to need beside its bytes. */
const OVERHEAD = 8;

/** A list as Redis' quicklist: packs of elements, as large as a list that was pushed to has them. */
export class ListNodes {
  readonly #output: RdbOutput;
  readonly #pack: Pack;
  readonly #hasKinds: boolean;
  readonly #maxSize: number;
  #nodes: Buffer[] = [];

  /** `hasKinds`: a node is preceded by its kind (version 10 and up). */
  constructor(output: RdbOutput, pack: Pack, hasKinds: boolean, maxSize: number) {
    this.#output = output;
    this.#pack = pack;
    this.#hasKinds = hasKinds;
    this.#maxSize = maxSize;
  }

  start(): void {
    this.#nodes = [];
    this.#pack.start();
  }

  add(item: Bytes): void {
    const pack = this.#pack;
    if (pack.count > 0 && !this.#fits(item.length)) {
      this.#nodes.push(Buffer.from(pack.finish()));
      pack.start();
    }
    pack.add(item);
  }

  #fits(length: number): boolean {
    const size = this.#pack.size + length + OVERHEAD;
    const maxSize = this.#maxSize;
    if (maxSize < 0) return size <= (SIZES[-maxSize - 1] ?? 64 << 10);
    return size <= SAFE_BYTES && this.#pack.count < maxSize;
  }

  /** Writes the number of nodes, and each of them. */
  finish(): void {
    const output = this.#output;
    output.length(this.#nodes.length + 1);
    for (const node of this.#nodes) this.#write(node);
    this.#write(this.#pack.finish());
    this.#nodes = [];
  }

  #write(node: Buffer): void {
    if (this.#hasKinds) this.#output.length(RdbNode.packed);
    this.#output.blob(node);
  }
}
