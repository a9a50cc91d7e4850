import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of its own, that can be full. Servers on it have to stop before it goes. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  static async mount(megabytes: number): Promise<SmallDisk> {
    const path = await mkdtemp(join(tmpdir(), "leveldis-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
    return new SmallDisk(path);
  }

  private constructor(path: string) {
    this.path = path;
  }

  /** Where what fills it stands. */
  get #ballast(): string {
    return join(this.path, "ballast");
  }

  /** Leaves room for so many bytes; by default for nothing, to the last page. */
  async fill(roomBytes = 0): Promise<void> {
    const { bavail, bsize } = await statfs(this.path);
    const file = await open(this.#ballast, "w");
    try {
      // Others may write as well: who wants no room goes on until there is none.
      let left = roomBytes === 0 ? Infinity : bavail * bsize - roomBytes;
      for (const step of [64 << 10, bsize]) {
        try {
          for (; left > 0; left -= step) await file.write(Buffer.alloc(step));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        }
      }
    } finally {
      await file.close();
    }
  }

  /** Gives the room back. */
  async free(): Promise<void> {
    await rm(this.#ballast);
  }

  resize(megabytes: number): void {
    execFileSync("mount", ["-o", `remount,size=${megabytes}m`, this.path]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync("umount", [this.path]);
    await rm(this.path, { recursive: true, force: true });
  }
}
