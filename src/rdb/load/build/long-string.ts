import { chunkKey } from "../../../keyspace/big-string.ts";
import { RecordFlag } from "../../../keyspace/record.ts";
import { collectionPrefix } from "../../../storage/layout.ts";
import { u64, varint } from "../../../storage/numbers.ts";
import type { Bytes } from "../../../support/bytes.ts";
import type { BuildTarget, BuiltValue } from "./collection.ts";

/** A string in chunks, which are the parts that come. */
export class LongStringBuilder {
  readonly #target: BuildTarget;
  readonly #id: number;
  readonly #prefix: Bytes;
  #chunks = 0;
  #length = 0;

  constructor(target: BuildTarget) {
    this.#target = target;
    this.#id = target.takeId();
    this.#prefix = collectionPrefix(this.#id);
  }

  add(part: Bytes): void {
    this.#target.putElement(this.#prefix + chunkKey(this.#chunks++), part);
    this.#length += part.length;
  }

  readonly isEmpty = false;

  finish(): BuiltValue {
    this.#target.closeId(this.#id);
    return { type: "string", flags: RecordFlag.ranged, payload: u64(this.#id) + varint(this.#length) };
  }
}
