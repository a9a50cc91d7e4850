import { type FileHandle, open } from "node:fs/promises";
import { maskedCrc32c } from "./crc32c.ts";
import { Cursor } from "./cursor.ts";
import { FileDamage } from "./damage.ts";
import { snappyDecompress } from "./snappy.ts";

/** https://github.com/google/leveldb/blob/main/doc/table_format.md: blocks, their index, a footer that says where that is. */
const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** Behind each block: how it is compressed u8, checksum u32. */
const TRAILER_BYTES = 5;
const UNCOMPRESSED = 0;
const SNAPPY = 1;
/** Blocks are of some KiB, or of one large value. */
const MAX_BLOCK_BYTES = 2 ** 31 - 64;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** Reads all of a table and compares the checksum of each block; returns its size. @throws FileDamage */
export async function checkTable(path: string, onBytes: (bytes: number) => void): Promise<number> {
  const file = await open(path, "r");
  try {
    const table = await TableBytes.of(file);
    const { size } = table;
    if (size < FOOTER_BYTES) throw new FileDamage("too short for a table");
    const footer = await table.read(size - FOOTER_BYTES, FOOTER_BYTES);
    if (footer.readBigUInt64LE(FOOTER_BYTES - 8) !== MAGIC)
      throw new FileDamage("it does not end as a table does");
    const handles = new Cursor(footer);
    const [meta, index] = [readHandle(handles), readHandle(handles)];
    await readBlock(table, meta);
    for (const handle of handlesOf(await readBlock(table, index))) {
      await readBlock(table, handle);
      onBytes(handle.size);
    }
    return size;
  } finally {
    await file.close();
  }
}

function readHandle(cursor: Cursor): Handle {
  const offset = cursor.varint();
  return { offset, size: cursor.varint() };
}

/** The block as it is stored, and how it is compressed behind it; its checksum is right. */
async function readBlock(table: TableBytes, { offset, size }: Handle): Promise<Buffer> {
  if (size > MAX_BLOCK_BYTES || offset + size + TRAILER_BYTES > table.size)
    throw new FileDamage(`a block at byte ${offset} would reach behind the end`);
  const block = await table.read(offset, size + TRAILER_BYTES);
  if (maskedCrc32c(block, 0, size + 1) !== block.readUInt32LE(size + 1))
    throw new FileDamage(`the block at byte ${offset} has another checksum`);
  return block.subarray(0, size + 1);
}

/** The bytes of a table: of one that is not large, all in one read. */
class TableBytes {
  readonly #file: FileHandle;
  readonly size: number;
  readonly #whole: Buffer | null;

  private constructor(file: FileHandle, size: number, whole: Buffer | null) {
    this.#file = file;
    this.size = size;
    this.#whole = whole;
  }

  static async of(file: FileHandle): Promise<TableBytes> {
    const { size } = await file.stat();
    const whole = size <= MAX_WHOLE_BYTES ? await readAt(file, 0, size) : null;
    return new TableBytes(file, size, whole);
  }

  async read(offset: number, length: number): Promise<Buffer> {
    if (this.#whole !== null) return this.#whole.subarray(offset, offset + length);
    return readAt(this.#file, offset, length);
  }
}

const MAX_WHOLE_BYTES = 16 << 20;

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  if (bytesRead < length) throw new FileDamage("it became shorter while it was read");
  return buffer;
}

/** What an index points to. Keys are stored without what they have in common with the one before; they are left out. */
function handlesOf(stored: Buffer): Handle[] {
  const content = stored.subarray(0, -1);
  const compression = stored[stored.length - 1];
  if (compression !== UNCOMPRESSED && compression !== SNAPPY)
    throw new FileDamage("an unknown kind of compression");
  const block = compression === SNAPPY ? snappyDecompress(content) : content;
  if (block.length < 4) throw new FileDamage("an index that is too short");
  const restarts = block.readUInt32LE(block.length - 4);
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) throw new FileDamage("an index that is too short");
  const handles: Handle[] = [];
  for (const cursor = new Cursor(block, 0, end); !cursor.done;) {
    cursor.varint();
    const keyBytes = cursor.varint();
    const valueBytes = cursor.varint();
    cursor.take(keyBytes);
    handles.push(readHandle(new Cursor(cursor.take(valueBytes))));
  }
  return handles;
}
