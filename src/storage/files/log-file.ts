import { type FileHandle, open } from "node:fs/promises";
import { maskedCrc32c } from "./crc32c.ts";
import { FileDamage } from "./damage.ts";

/** https://github.com/google/leveldb/blob/main/doc/log_format.md: blocks of 32 KiB, filled with parts of records. */
const BLOCK_BYTES = 32 << 10;
/** Checksum u32, length u16, kind u8. */
const HEADER_BYTES = 7;
const Part = { padding: 0, full: 1, first: 2, middle: 3, last: 4 } as const;

/**
 * The records of a log, or of a manifest, in runs. A record that ends with the file is left out, as LevelDB does it: the
 * process ended while it was written. @throws FileDamage
 */
export async function* readLog(path: string): AsyncGenerator<Buffer[]> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    let parts: Buffer[] | null = null;
    for (let offset = 0; offset < size; offset += BLOCK_BYTES) {
      const block = await readBlock(file, offset, size);
      const records: Buffer[] = [];
      for (const [kind, part] of partsOf(block, offset, offset + block.length === size)) {
        const begins = kind === Part.full || kind === Part.first;
        // What was begun and not ended before this: a process ended there, and another went on.
        if (begins) parts = [];
        if (parts === null) throw new FileDamage(`a record at byte ${offset} has no beginning`);
        parts.push(part);
        if (kind === Part.full || kind === Part.last) {
          records.push(Buffer.concat(parts));
          parts = null;
        }
      }
      yield records;
    }
  } finally {
    await file.close();
  }
}

async function readBlock(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, size - offset));
  const { bytesRead } = await file.read(block, 0, block.length, offset);
  if (bytesRead < block.length) throw new FileDamage("it became shorter while it was read");
  return block;
}

function* partsOf(block: Buffer, offset: number, isLast: boolean): Generator<[kind: number, part: Buffer]> {
  let at = 0;
  while (at + HEADER_BYTES <= block.length) {
    const length = block.readUInt16LE(at + 4);
    const kind = block[at + 6]!;
    const end = at + HEADER_BYTES + length;
    if (kind === Part.padding && length === 0) return;
    if (end > block.length) {
      if (isLast) return;
      throw new FileDamage(`a record at byte ${offset + at} would reach behind its block`);
    }
    if (maskedCrc32c(block, at + 6, end) !== block.readUInt32LE(at))
      throw new FileDamage(`the record at byte ${offset + at} has another checksum`);
    if (kind > Part.last) throw new FileDamage(`a record of unknown kind at byte ${offset + at}`);
    yield [kind, block.subarray(at + HEADER_BYTES, end)];
    at = end;
  }
}
