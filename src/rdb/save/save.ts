import type { StoreSnapshot } from "../../storage/store.ts";
import { SaveAborted, type SaveJob, type SaveOutcome } from "./job.ts";
import { RdbFile } from "./rdb-file.ts";
import { SnapshotWriter } from "./snapshot-writer.ts";

export interface SaveControl {
  readonly progress: (keys: number) => void;
  /** Asked now and then. */
  readonly isAborted: () => boolean;
  /** Lets others have their turn. */
  readonly rest: () => Promise<void>;
}

/** Writes a snapshot to a file. When it rejects, the old file is as it was. @throws SaveAborted, or what went wrong */
export async function saveSnapshot(
  snapshot: StoreSnapshot,
  job: SaveJob,
  control: SaveControl,
): Promise<SaveOutcome> {
  const { contents } = job;
  const file = await RdbFile.create(job.file, contents.version);
  try {
    const writer = new SnapshotWriter(snapshot, contents, {
      write: (chunks) => file.write(chunks),
      progress: (keys) => {
        if (control.isAborted()) throw new SaveAborted();
        control.progress(keys);
      },
      rest: control.rest,
    });
    const { keys, need } = await writer.write();
    if (control.isAborted()) throw new SaveAborted();
    const bytes = await file.finish(need.needed);
    return { keys, bytes, version: need.needed, raisedBy: [...need.reasons] };
  } catch (error) {
    await file.discard().catch(() => undefined);
    throw error;
  }
}
