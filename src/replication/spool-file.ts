import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { spoolName } from "../rdb/save/rdb-file.ts";

const READ_BYTES = 64 << 10;

let count = 0;

/** An RDB on its way to replicas that have to be told its length first. All rejections carry the system's error. */
export class SpoolFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  bytes = 0;

  static async create(folder: string): Promise<SpoolFile> {
    const path = join(folder, spoolName(process.pid, ++count));
    return new SpoolFile(path, await open(path, "w+"));
  }

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async write(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      let at = 0;
      while (at < chunk.length) {
        const { bytesWritten } = await this.#handle.write(chunk, at, chunk.length - at, this.bytes);
        at += bytesWritten;
        this.bytes += bytesWritten;
      }
    }
  }

  /** From its beginning; any number may read. */
  async *read(): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.bytes;) {
      // A buffer of its own each: the connection keeps it until it is sent.
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, this.bytes - at));
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error("premature EOF");
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }
}
