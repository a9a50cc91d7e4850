import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writevSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { BacklogJournal } from "./stream.ts";

/** Below the data folder. Copies of the data go without it: replicas of such a copy get all the data. */
const FOLDER = "replication";

const FILE_NAME = /^backlog-(\d{16})$/;

/** `backlog-0000000000001234`: its first byte is the one after this position. */
const fileName = (position: number): string => `backlog-${String(position).padStart(16, "0")}`;

/**
 * The backlog is cut into so many files: one at a time goes, so that much more than its size is there. The file that goes
 * is written over as the next one: to give back its memory and disk, and to get them again, takes longer than to write.
 */
const FILES = 4;
const MIN_FILE_BYTES = 64 << 10;

/** Before each piece: "LDB1", its position u64, its length u32, and the CRC-32 of these 16 bytes and the piece u32. */
const HEADER_BYTES = 20;
const MAGIC = 0x4c444231;

interface Segment {
  readonly path: string;
  /** The position before its first byte. */
  readonly begin: number;
  /** Of the file. */
  bytes: number;
}

/** A piece that was read again. */
interface Piece {
  readonly position: number;
  readonly bytes: Buffer;
  /** Where its header is in the file. */
  readonly at: number;
}

/**
 * The backlog on disk: files in a row, the oldest of which go. They are written before the batch that they belong to, so
 * that after a kill of the process they reach at least as far as the data; what they have beyond it is cut off at the start.
 * They are not synced: after a loss of power what is left may end before the data does, and is of no use then.
 */
export class BacklogFiles implements BacklogJournal {
  readonly #folder: string;
  readonly #size: () => number;
  /** In order; the last one is appended to. */
  #segments: Segment[] = [];
  /** Of the last segment. */
  #fd: number | null = null;
  #end = 0;
  /** The last piece, which may have to go again. */
  #last: { readonly position: number; readonly at: number } | null = null;
  /** The end of the last file may be half a piece. */
  #isTorn = false;

  /** `size`: bytes that are kept. */
  constructor(dataFolder: string, size: () => number) {
    this.#folder = join(dataFolder, FOLDER);
    this.#size = size;
  }

  // ─── after a start ─────────────────────────────────────────────────────────────────────────────

  restore(end: number): { readonly begin: number; readonly chunks: readonly Buffer[] } | null {
    const tail: { readonly segment: Segment; readonly pieces: Piece[] }[] = [];
    let position: number | null = null;
    for (const segment of this.#list()) {
      const { pieces, isWhole } = readPieces(segment);
      if (segment.begin !== position) for (const { segment } of tail.splice(0)) rmSync(segment.path);
      tail.push({ segment, pieces });
      // Nothing can follow what is damaged.
      position = isWhole ? endOf(segment, pieces) : null;
    }
    return this.#keep(tail, end);
  }

  #list(): Segment[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return [];
    }
    return names
      .filter((name) => FILE_NAME.test(name))
      .sort()
      .map((name) => {
        const path = join(this.#folder, name);
        return { path, begin: Number(FILE_NAME.exec(name)![1]), bytes: statSync(path).size };
      });
  }

  #keep(
    found: readonly { readonly segment: Segment; readonly pieces: Piece[] }[],
    end: number,
  ): { readonly begin: number; readonly chunks: readonly Buffer[] } | null {
    const chunks: Buffer[] = [];
    for (const { segment, pieces } of found) {
      const known = pieces.filter(({ position, bytes }) => position + bytes.length <= end);
      const last = known.at(-1);
      if (last === undefined) {
        rmSync(segment.path);
        continue;
      }
      segment.bytes = last.at + HEADER_BYTES + last.bytes.length;
      this.#segments.push(segment);
      this.#end = last.position + last.bytes.length;
      chunks.push(Buffer.concat(known.map(({ bytes }) => bytes)));
    }
    const [first] = this.#segments;
    if (first === undefined || this.#end !== end) {
      this.clear(end);
      return null;
    }
    const { path, bytes } = this.#segments.at(-1)!;
    this.#fd = openSync(path, "r+");
    ftruncateSync(this.#fd, bytes);
    return { begin: first.begin, chunks };
  }

  // ─── while the server runs ─────────────────────────────────────────────────────────────────────

  append(position: number, parts: readonly Buffer[]): void {
    if (position !== this.#end || this.#isTorn) this.clear(position);
    const segment = this.#segmentFor(position);
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header.writeUInt32BE(MAGIC, 0);
    header.writeBigUInt64BE(BigInt(position), 4);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    header.writeUInt32BE(length, 12);
    header.writeUInt32BE(checksumOf(header, parts), 16);
    try {
      this.#write(segment.bytes, [header, ...parts]);
    } catch (error) {
      this.#cut(segment.bytes);
      throw error;
    }
    this.#last = { position, at: segment.bytes };
    segment.bytes += HEADER_BYTES + length;
    this.#end = position + length;
  }

  #write(at: number, buffers: readonly Buffer[]): void {
    let left = buffers;
    let to = at;
    for (;;) {
      const written = writevSync(this.#fd!, left, to);
      to += written;
      let skipped = written;
      left = left.flatMap((buffer) => {
        const taken = Math.min(skipped, buffer.length);
        skipped -= taken;
        return taken === buffer.length ? [] : [buffer.subarray(taken)];
      });
      if (left.length === 0) return;
    }
  }

  #cut(at: number): void {
    try {
      ftruncateSync(this.#fd!, at);
    } catch {
      this.#isTorn = true;
    }
  }

  /** The one to append to; another when the last is full. */
  #segmentFor(position: number): Segment {
    const last = this.#segments.at(-1);
    const size = this.#size();
    const limit = Math.max(size / FILES, MIN_FILE_BYTES);
    if (last !== undefined && this.#fd !== null && last.bytes < limit) return last;
    this.#endLast();
    const path = join(this.#folder, fileName(position));
    const segment = { path, begin: position, bytes: 0 };
    const old = this.#dropOld(position, size);
    if (old === undefined || old.bytes > 2 * limit) {
      mkdirSync(this.#folder, { recursive: true });
      if (old !== undefined) rmSync(old.path, { force: true });
      this.#fd = openSync(path, "w");
    } else {
      renameSync(old.path, path);
      this.#fd = openSync(path, "r+");
    }
    this.#segments.push(segment);
    return segment;
  }

  /** Takes away what is not needed any more, but for the file of the last segment of that. */
  #dropOld(position: number, size: number): Segment | undefined {
    let old: Segment | undefined;
    // What is behind the first file is enough.
    while (this.#segments.length > 0 && position - (this.#segments[1]?.begin ?? position) >= size) {
      if (old !== undefined) rmSync(old.path, { force: true });
      old = this.#segments.shift();
    }
    return old;
  }

  /** What an earlier use has left in the last file behind its end may not stay: another file follows. */
  #endLast(): void {
    if (this.#fd !== null) ftruncateSync(this.#fd, this.#segments.at(-1)!.bytes);
    this.#close();
  }

  cutBack(position: number): void {
    if (position >= this.#end) return;
    if (this.#last?.position !== position || this.#fd === null) {
      this.clear(position);
      return;
    }
    this.#segments.at(-1)!.bytes = this.#last.at;
    this.#end = position;
    this.#cut(this.#last.at);
    this.#last = null;
  }

  clear(position: number): void {
    this.#close();
    for (const { path } of this.#segments) rmSync(path, { force: true });
    this.#segments = [];
    this.#end = position;
    this.#last = null;
    this.#isTorn = false;
  }

  /** The files stay. */
  close(): void {
    this.#close();
  }

  #close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function endOf(segment: Segment, pieces: readonly Piece[]): number {
  const last = pieces.at(-1);
  return last === undefined ? segment.begin : last.position + last.bytes.length;
}

/** The pieces up to the first that is not whole, or not what was written. */
function readPieces({ path, begin }: Segment): { readonly pieces: Piece[]; readonly isWhole: boolean } {
  const file = readFileSync(path);
  const pieces: Piece[] = [];
  let position = begin;
  let at = 0;
  while (at + HEADER_BYTES <= file.length) {
    const length = file.readUInt32BE(at + 12);
    const bytes = file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
    const header = file.subarray(at, at + HEADER_BYTES);
    const isRight =
      header.readUInt32BE(0) === MAGIC &&
      header.readBigUInt64BE(4) === BigInt(position) &&
      bytes.length === length &&
      header.readUInt32BE(16) === checksumOf(header, [bytes]);
    if (!isRight) break;
    pieces.push({ position, bytes, at });
    position += length;
    at += HEADER_BYTES + length;
  }
  return { pieces, isWhole: at === file.length };
}

const checksumOf = (header: Buffer, parts: readonly Buffer[]): number =>
  parts.reduce((sum, part) => crc32(part, sum), crc32(header.subarray(0, 16)));
