import { rmSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Crc64, joinCrc64 } from "../../support/crc64.ts";
import { syncPath } from "../../support/sync-path.ts";
import type { SaveFile } from "./job.ts";
import { rdbHeader } from "./snapshot-writer.ts";

/** Bytes that the system may keep from the disk, with `rdb-save-incremental-fsync`: as many as Redis. */
const SYNC_BYTES = 4 << 20;

/** `temp-4711.rdb`, in the same folder, so that a rename replaces the old file at once. */
const tempName = (pid: number): string => `temp-${pid}.rdb`;

/** `temp-4711-sync-1.rdb`: one that is sent to replicas and not kept. */
export const spoolName = (pid: number, number: number): string => `temp-${pid}-sync-${number}.rdb`;

/**
 * An RDB file on its way: a temporary one, which takes the place of the old one when it is whole and on the disk. All
 * rejections carry the system's error.
 */
export class RdbFile {
  readonly #file: SaveFile;
  readonly #path: string;
  readonly #handle: FileHandle;
  /** Of all but the header, which may change. */
  readonly #crc = new Crc64();
  #bytes = 0;
  #syncedBytes = 0;
  #headerBytes: Buffer;

  private constructor(file: SaveFile, path: string, handle: FileHandle, version: number) {
    this.#file = file;
    this.#path = path;
    this.#handle = handle;
    this.#headerBytes = Buffer.from(rdbHeader(version), "latin1");
  }

  static async create(file: SaveFile, version: number): Promise<RdbFile> {
    const path = join(file.folder, tempName(process.pid));
    return new RdbFile(file, path, await open(path, "w"), version);
  }

  /** In order, the header first. */
  async write(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      if (this.#file.checksum) this.#crc.add(chunk, this.#bytes === 0 ? this.#headerBytes.length : 0);
      this.#bytes += chunk.length;
    }
    await writeAll(this.#handle, chunks);
    if (this.#file.incrementalSync && this.#bytes - this.#syncedBytes >= SYNC_BYTES) {
      this.#syncedBytes = this.#bytes;
      await this.#handle.datasync();
    }
  }

  /** Completes it, as a file of that version, and puts it in its place. Returns its size in bytes. */
  async finish(version: number): Promise<number> {
    const header = Buffer.from(rdbHeader(version), "latin1");
    if (!header.equals(this.#headerBytes)) await this.#handle.write(header, 0, header.length, 0);
    this.#headerBytes = header;
    await this.#handle.write(this.#checksum(), 0, CHECKSUM_BYTES, this.#bytes);
    await this.#handle.sync();
    await this.#handle.close();
    await rename(this.#path, join(this.#file.folder, this.#file.name));
    // The rename is on the disk then.
    await syncPath(this.#file.folder);
    return this.#bytes + CHECKSUM_BYTES;
  }

  /** Zeros stand for none. */
  #checksum(): Buffer {
    if (!this.#file.checksum) return Buffer.alloc(CHECKSUM_BYTES);
    const header = new Crc64().add(this.#headerBytes).digest();
    return joinCrc64(header, this.#crc.digest(), this.#bytes - this.#headerBytes.length);
  }

  /** Leaves nothing behind; the old file stays. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }
}

const CHECKSUM_BYTES = 8;

async function writeAll(handle: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  let left = chunks;
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left);
    left = behind(left, bytesWritten);
  }
}

/** What is behind so many bytes. */
function behind(chunks: readonly Buffer[], bytes: number): readonly Buffer[] {
  let skipped = bytes;
  let at = 0;
  while (at < chunks.length && skipped >= chunks[at]!.length) skipped -= chunks[at++]!.length;
  const rest = chunks.slice(at);
  if (skipped > 0) rest[0] = rest[0]!.subarray(skipped);
  return rest;
}

/** Removes what processes that are gone left behind, and returns the names. */
export async function removeLeftovers(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => {
    const pid = /^temp-(\d+)(?:-sync-\d+)?\.rdb$/.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  for (const name of names) await rm(join(folder, name), { force: true });
  return names;
}

/** What this process is writing, when it must end at once. */
export function removeOwnLeftover(folder: string): void {
  rmSync(join(folder, tempName(process.pid)), { force: true });
}

/** A process with this number other than this one, which has not begun to write. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
