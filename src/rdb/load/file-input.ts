import { type FileHandle, open } from "node:fs/promises";
import type { RdbInput } from "./load.ts";

/** A file on disk. */
export class RdbFile implements RdbInput {
  readonly expectedEnd = null;
  readonly totalBytes: number;
  readonly #file: FileHandle;

  /** Rejects with the system's error. */
  static async open(path: string): Promise<RdbFile> {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      return new RdbFile(file, size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private constructor(file: FileHandle, totalBytes: number) {
    this.#file = file;
    this.totalBytes = totalBytes;
  }

  async read(buffer: Buffer): Promise<number> {
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, null);
    return bytesRead;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
