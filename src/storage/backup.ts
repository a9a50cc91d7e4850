import { resolve } from "node:path";
import { type FolderCopy, copyFolder } from "./folder-copy.ts";
import { FolderError } from "./open-folder.ts";

/** Copies of the data folder while the server works on it. */
export class Backup {
  readonly #folder: string | null;
  readonly #settle: () => Promise<void>;
  #isUnderWay = false;

  /** `settle` resolves when everything that was acknowledged up to its call is written. */
  constructor(folder: string | null, settle: () => Promise<void>) {
    this.#folder = folder;
    this.#settle = settle;
  }

  /** A relative path starts from where the server was started. @throws FolderError */
  async make(to: string): Promise<FolderCopy> {
    const folder = this.#folder;
    if (folder === null) throw new FolderError("the data is in memory: there is no folder to copy");
    if (this.#isUnderWay) throw new FolderError("another backup is under way");
    this.#isUnderWay = true;
    try {
      await this.#settle();
      return await copyFolder(folder, resolve(to));
    } finally {
      this.#isUnderWay = false;
    }
  }
}
