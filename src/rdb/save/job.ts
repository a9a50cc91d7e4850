import type { Bytes } from "../../support/bytes.ts";

/** What an RDB file is to contain, and how. */
export interface SnapshotContents {
  /** 7 to 12; what cannot be written so raises it. */
  readonly version: number;
  /** Strings by LZF. */
  readonly compress: boolean;
  readonly listMaxListpackSize: number;
  /** About the file: name and value, in order. */
  readonly fields: readonly (readonly [name: Bytes, value: Bytes])[];
  /** To be waited for after each key, for tests. */
  readonly keyDelayMs: number;
  readonly withKeys: boolean;
  readonly withLibraries: boolean;
}

export type RdbFields = SnapshotContents["fields"];

/** Where it is to be, and how it gets there. */
export interface SaveFile {
  readonly folder: string;
  /** In that folder. */
  readonly name: string;
  readonly checksum: boolean;
  /** Sync to the disk now and then, not only at the end. */
  readonly incrementalSync: boolean;
}

export interface SaveJob {
  readonly contents: SnapshotContents;
  readonly file: SaveFile;
}

/** What is written goes to who asked for it, piece by piece. */
export interface StreamJob {
  readonly contents: SnapshotContents;
  readonly checksum: boolean;
}

/** The same with more to tell about the file. */
export function withFields<Job extends SaveJob | StreamJob>(job: Job, fields: RdbFields): Job {
  return { ...job, contents: { ...job.contents, fields: [...job.contents.fields, ...fields] } };
}

export interface SaveOutcome {
  readonly keys: number;
  readonly bytes: number;
  /** The version that the file got. */
  readonly version: number;
  /** Why it is not the one that was asked for. */
  readonly raisedBy: readonly string[];
}

/** A save was told to end. */
export class SaveAborted extends Error {
  override readonly name = "SaveAborted";
  constructor() {
    super("it was told to end");
  }
}
