import type { StoreSnapshot } from "../../storage/store.ts";
import { Crc64 } from "../../support/crc64.ts";
import { SaveAborted, type SaveOutcome, type StreamJob } from "./job.ts";
import type { SaveControl } from "./save.ts";
import { SnapshotWriter } from "./snapshot-writer.ts";

/** Takes chunks over; resolves when more may come. */
export type TakeChunks = (chunks: readonly Buffer[]) => Promise<void>;

/**
 * Writes a snapshot as an RDB to whoever takes it. What is sent cannot be changed any more, so the version in the header
 * is the one that was chosen, also when a value in it needs a later one: servers that know that one read it all the
 * same, and others would not know the value either. @throws SaveAborted, or what went wrong
 */
export async function streamSnapshot(
  snapshot: StoreSnapshot,
  { contents, checksum }: StreamJob,
  control: SaveControl,
  take: TakeChunks,
): Promise<SaveOutcome> {
  const crc = new Crc64();
  let bytes = 0;
  const write: TakeChunks = async (chunks) => {
    if (control.isAborted()) throw new SaveAborted();
    for (const chunk of chunks) {
      bytes += chunk.length;
      if (checksum) crc.add(chunk);
    }
    await take(chunks);
  };
  const writer = new SnapshotWriter(snapshot, contents, {
    write,
    progress: (keys) => {
      if (control.isAborted()) throw new SaveAborted();
      control.progress(keys);
    },
    rest: control.rest,
  });
  const { keys, need } = await writer.write();
  // Zeros stand for no checksum.
  await write([checksum ? crc.digest() : Buffer.allocUnsafeSlow(8).fill(0)]);
  return { keys, bytes, version: contents.version, raisedBy: [...need.reasons] };
}
