import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { wholeRecords } from "./format.ts";

/** A part of a log file, of whole records. */
export interface LogPart {
  readonly path: string;
  /** Bytes. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /**
   * Nothing of it can be in LevelDB yet. Else LevelDB may have what was put and not have what deleted it: then both must
   * be made again.
   */
  readonly isFirstTime: boolean;
}

/** What is in memory at once, unless one record is longer; once more while it is held back (applier.ts). */
const BLOCK_BYTES = 48 << 20;

/** Reads a log file, or a part of one, in blocks of whole records. Blocks its thread. */
export class LogReader {
  readonly #fd: number;
  readonly #end: number;
  /** Where the next block begins. */
  position: number;

  /** `to`: absent, the end of the file. */
  constructor(path: string, from = 0, to?: number) {
    this.#fd = openSync(path, "r");
    this.position = from;
    this.#end = to ?? fstatSync(this.#fd).size;
  }

  /** The next records, null at the end of what is whole and undamaged. */
  next(): Buffer | null {
    let wanted = Math.min(BLOCK_BYTES, this.#end - this.position);
    for (;;) {
      const bytes = this.#read(wanted);
      const whole = wholeRecords(bytes, this.#end - this.position);
      if (whole === 0) return null;
      if (whole <= bytes.length) {
        this.position += whole;
        return bytes.subarray(0, whole);
      }
      wanted = whole;
    }
  }

  get isAtEnd(): boolean {
    return this.position >= this.#end;
  }

  #read(length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    let at = 0;
    while (at < length) {
      const read = readSync(this.#fd, bytes, at, length - at, this.position + at);
      if (read === 0) break;
      at += read;
    }
    return bytes.subarray(0, at);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
