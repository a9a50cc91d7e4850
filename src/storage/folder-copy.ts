import { constants } from "node:fs";
import {
  type FileHandle,
  copyFile,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rm,
  rmdir,
  stat,
  unlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncPath } from "../support/sync-path.ts";
import { redoFiles } from "./redo/redo-log.ts";
import { FolderError, LINKS_FOLDER, UNFINISHED_COPY } from "./open-folder.ts";

/**
 * A copy of the LevelDB in a folder while it is open and in use: the state of one moment, as a crash of the process in
 * that moment would have left it. LevelDB is not asked; the order in which it treats its files is enough:
 *
 * - Tables (`.ldb`) are written once and never changed: a hard link is as good as a copy.
 * - `CURRENT` names the manifest, which lists the tables in use. It is only appended to, after the new tables are on
 *   disk and before old ones are deleted. So if it did not grow while tables were linked, all it lists are there.
 *   If it did, what is new is linked, and so on until it stands still for a few milliseconds.
 * - The log holds what no table holds yet, and is only appended to: what is there at some moment is all that was
 *   acknowledged before, in order, perhaps with half a record at its end, which LevelDB drops. Of two logs the
 *   older is complete. A log is deleted after the manifest says so.
 * - The redo log (redo/redo-log.ts) is opened first and copied last. What is in it was perhaps brought into LevelDB in
 *   part: a start makes all of it again.
 */
export interface FolderCopy {
  readonly files: number;
  readonly bytes: number;
  /** Of these, files that share their disk space with the original. */
  readonly linkedFiles: number;
  readonly linkedBytes: number;
}

/** The manifest of a busy database grows some times in a second; a round takes a few milliseconds. */
const MAX_ROUNDS = 500;
const COPY_STEP_BYTES = 1 << 20;
/** Links made at once. */
const WIDTH = 16;

/**
 * `to` must be empty, or not there; if the copy fails it is left so. On return all is on the disk itself.
 * @throws FolderError
 */
export async function copyFolder(from: string, to: string): Promise<FolderCopy> {
  const isNew = await claimFolder(to);
  try {
    await writeDurably(join(to, UNFINISHED_COPY), "");
    const copy = await new Copying(from, to).run();
    await syncPath(to);
    await unlink(join(to, UNFINISHED_COPY));
    await syncPath(to);
    if (isNew) await syncPath(dirname(to));
    return copy;
  } catch (error) {
    for (const name of await readdir(to)) await rm(join(to, name), { recursive: true, force: true });
    if (isNew) await rmdir(to);
    throw asFolderError(to, error);
  }
}

/** True if the folder was made. */
async function claimFolder(to: string): Promise<boolean> {
  try {
    await mkdir(to);
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw asFolderError(to, error);
  }
  let names: string[];
  try {
    names = await readdir(to);
  } catch (error) {
    throw asFolderError(to, error);
  }
  if (names.length > 0)
    throw new FolderError(`the folder ${to} is not empty: choose one that is, or a new one`);
  return false;
}

function asFolderError(to: string, error: unknown): FolderError {
  if (error instanceof FolderError) return error;
  return new FolderError(`cannot copy to ${to} (${(error as Error).message})`, { cause: error });
}

/** How tables get where they belong: `link` at once, `stage` by a link beside the original, `copy` where no link can be made. */
type Means = "link" | "stage" | "copy";

class Copying {
  readonly #from: string;
  readonly #to: string;
  readonly #stage: string;
  #means: Means = "link";
  /** Sizes of the tables that are placed, by name. */
  readonly #tables = new Map<string, number>();
  #files = 0;
  #bytes = 0;

  constructor(from: string, to: string) {
    this.#from = from;
    this.#to = to;
    this.#stage = join(from, LINKS_FOLDER);
  }

  async run(): Promise<FolderCopy> {
    try {
      this.#means = await this.#findMeans();
      await this.#rounds();
      if (this.#means === "stage") await this.#unstage();
    } finally {
      await rm(this.#stage, { recursive: true, force: true });
    }
    let tableBytes = 0;
    for (const bytes of this.#tables.values()) tableBytes += bytes;
    const isLinked = this.#means === "link";
    return {
      files: this.#files + this.#tables.size,
      bytes: this.#bytes + tableBytes,
      linkedFiles: isLinked ? this.#tables.size : 0,
      linkedBytes: isLinked ? tableBytes : 0,
    };
  }

  async #findMeans(): Promise<Means> {
    if (await this.#canLinkTo(this.#to)) return "link";
    await rm(this.#stage, { recursive: true, force: true });
    await mkdir(this.#stage);
    return (await this.#canLinkTo(this.#stage)) ? "stage" : "copy";
  }

  async #canLinkTo(folder: string): Promise<boolean> {
    const probe = join(folder, "link-probe.tmp");
    try {
      await link(join(this.#from, "CURRENT"), probe);
    } catch {
      // Another disk, a file system without links, a file of another user.
      return false;
    }
    await unlink(probe);
    return true;
  }

  /** Until the manifest stands still: then everything that it lists is placed, and the rest is copied. */
  async #rounds(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const manifest = await Manifest.open(this.#from);
      const logs: [name: string, file: FileHandle][] = [];
      try {
        // Before LevelDB is looked at: what is deleted from now on can still be read.
        const redo = await this.#openRedo(new Map(), logs);
        const names = await readdir(this.#from);
        for (const name of names.filter(isLog)) {
          const file = await openIfThere(join(this.#from, name));
          if (file !== null) logs.push([name, file]);
        }
        await this.#place(names.filter(isTable));
        if (!(await manifest.isAsBefore())) continue;
        const present = new Set(names);
        await this.#finish(manifest, logs.slice(redo.size), present);
        await this.#copyRedo(redo, logs);
        return;
      } finally {
        await manifest.close();
        for (const [, file] of logs) await file.close();
      }
    }
    throw new FolderError("the tables of the database changed too quickly to be copied: try again later");
  }

  async #place(names: readonly string[]): Promise<void> {
    for (let i = 0; i < names.length; i += WIDTH) {
      await Promise.all(names.slice(i, i + WIDTH).map((name) => this.#placeOne(name)));
    }
  }

  async #placeOne(name: string): Promise<void> {
    const original = join(this.#from, name);
    const placed = this.#tables.get(name);
    if (placed !== undefined && this.#means !== "copy") return;
    try {
      const { size } = await stat(original);
      // A table that was copied while it was being written is copied again.
      if (size === placed) return;
      if (this.#means === "copy") await copyDurably(original, join(this.#to, name));
      else await link(original, join(this.#placesIn, name));
      this.#tables.set(name, size);
    } catch (error) {
      // Deleted meanwhile: no manifest lists it any more.
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }

  get #placesIn(): string {
    return this.#means === "stage" ? this.#stage : this.#to;
  }

  async #finish(
    manifest: Manifest,
    logs: readonly (readonly [name: string, file: FileHandle])[],
    present: ReadonlySet<string>,
  ): Promise<void> {
    for (const [name, file] of logs) {
      const { size } = await file.stat();
      await this.#copyStart(file, name, size);
    }
    await this.#copyStart(manifest.file, manifest.name, manifest.size);
    await writeDurably(join(this.#to, "CURRENT"), `${manifest.name}\n`);
    this.#files++;
    // Of earlier rounds, and no longer in use.
    for (const name of [...this.#tables.keys()]) {
      if (present.has(name)) await this.#measure(name);
      else {
        await unlink(join(this.#placesIn, name));
        this.#tables.delete(name);
      }
    }
  }

  /** Opens what is there and not yet open. */
  async #openRedo(
    known: Map<string, FileHandle>,
    opened: [name: string, file: FileHandle][],
  ): Promise<Map<string, FileHandle>> {
    for (const { name } of redoFiles(this.#from)) {
      if (known.has(name)) continue;
      const file = await openIfThere(join(this.#from, name));
      if (file === null) continue;
      known.set(name, file);
      opened.push([name, file]);
    }
    return known;
  }

  /** As long as they are at one moment; all but the last are as long as they will ever be. */
  async #copyRedo(known: Map<string, FileHandle>, opened: [name: string, file: FileHandle][]): Promise<void> {
    await this.#openRedo(known, opened);
    const inOrder = [...known].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, file] of inOrder) await this.#copyStart(file, name, (await file.stat()).size);
  }

  /** A table may have been linked while it was being written. */
  async #measure(name: string): Promise<void> {
    this.#tables.set(name, (await stat(join(this.#placesIn, name))).size);
  }

  async #copyStart(file: FileHandle, name: string, bytes: number): Promise<void> {
    await copyBytes(file, join(this.#to, name), bytes);
    this.#files++;
    this.#bytes += bytes;
  }

  async #unstage(): Promise<void> {
    for (const name of this.#tables.keys()) {
      const staged = join(this.#stage, name);
      await copyDurably(staged, join(this.#to, name));
      await unlink(staged);
    }
  }
}

/** The manifest that `CURRENT` names, as long as it is now. */
class Manifest {
  readonly #folder: string;
  readonly name: string;
  readonly file: FileHandle;
  readonly size: number;

  private constructor(folder: string, name: string, file: FileHandle, size: number) {
    this.#folder = folder;
    this.name = name;
    this.file = file;
    this.size = size;
  }

  static async open(folder: string): Promise<Manifest> {
    // Between reading the name and opening the file LevelDB may begin another: its folder was opened again.
    for (let attempt = 1; ; attempt++) {
      const name = await currentManifest(folder);
      const file = await openIfThere(join(folder, name));
      if (file !== null) return new Manifest(folder, name, file, (await file.stat()).size);
      if (attempt === MAX_ROUNDS)
        throw new FolderError(`${folder}/CURRENT names ${name}, which is not there`);
    }
  }

  async isAsBefore(): Promise<boolean> {
    if ((await this.file.stat()).size !== this.size) return false;
    return (await currentManifest(this.#folder)) === this.name;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

async function currentManifest(folder: string): Promise<string> {
  const name = (await readFile(join(folder, "CURRENT"), "latin1")).trimEnd();
  if (!/^MANIFEST-\d+$/.test(name))
    throw new FolderError(`${folder}/CURRENT is damaged: it names no manifest`);
  return name;
}

const isTable = (name: string): boolean => /^\d+\.(?:ldb|sst)$/.test(name);
const isLog = (name: string): boolean => /^\d+\.log$/.test(name);

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function copyBytes(from: FileHandle, to: string, bytes: number): Promise<void> {
  const file = await open(to, "wx");
  try {
    const buffer = Buffer.allocUnsafe(Math.min(bytes, COPY_STEP_BYTES));
    for (let at = 0; at < bytes;) {
      const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
      if (bytesRead === 0) throw new FolderError(`${to} became shorter while it was copied`);
      await file.write(buffer, 0, bytesRead, at);
      at += bytesRead;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await syncPath(to, "r+");
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
