import type { Bytes } from "../../support/bytes.ts";
import { type FileOptions, decodeFile } from "../decode/file.ts";
import { ByteSource, whenThere } from "../decode/source.ts";
import { type LoadResult, Loader, type LoaderOptions } from "./loader.ts";

/** Where the bytes of an RDB file come from. */
export interface RdbInput {
  /** Puts the next bytes into `buffer`; 0 at the end. */
  read(buffer: Buffer): Promise<number>;
  /** What stands behind the RDB, exactly; null: nothing of interest. */
  readonly expectedEnd: Bytes | null;
  /** 0: not known. */
  readonly totalBytes: number;
  /** Takes back what was read and is not part of it. */
  unread?(bytes: Bytes): void;
  close(): Promise<void>;
}

export interface LoadOptions extends Omit<LoaderOptions, "source">, FileOptions {
  /** After each piece: bytes and keys so far. */
  readonly onProgress: (bytes: number, keys: number) => void;
}

/** One piece: some ten milliseconds of work, which clients that are served meanwhile wait for. */
const READ_BYTES = 256 << 10;

/**
 * Loads a file beside the live data: `Keyspace.adopt` of the result's databases exchanges the two. Rejects with an
 * RdbError when something is wrong with the file, with the input's or the store's error, or that of `signal`; then
 * nothing of it stays.
 */
export async function loadRdb(
  input: RdbInput,
  options: LoadOptions,
  signal?: AbortSignal,
): Promise<LoadResult> {
  const source = ByteSource.stream();
  const loader = await Loader.begin({ ...options, source });
  try {
    const decoding = decodeFile(source, loader, options);
    while (decoding.next().done !== true) {
      signal?.throwIfAborted();
      options.onProgress(source.offset, loader.keys);
      if (loader.isFull) await loader.flush();
      else await refill(source, input);
    }
    await checkEnd(source, input, loader.isPreamble, options.onNotice);
    return await loader.finish();
  } catch (error) {
    await loader.abandon();
    throw error;
  }
}

async function refill(source: ByteSource, input: RdbInput): Promise<void> {
  // Not by what the file says that is missing: by what there is.
  const room = source.room(READ_BYTES);
  const bytes = await input.read(room);
  if (bytes === 0) source.complete();
  else source.filled(bytes);
}

async function checkEnd(
  source: ByteSource,
  input: RdbInput,
  isPreamble: boolean,
  onNotice: (notice: string) => void,
): Promise<void> {
  const { expectedEnd, totalBytes } = input;
  if (expectedEnd === null) {
    if (source.available === 0) await refill(source, input);
    if (source.available === 0) return;
    // They would be lost.
    if (isPreamble) source.fail("an append-only file: commands follow the RDB, which are not read");
    // Of files that were caught on their way to a replica, with the mark at their end: Redis takes no notice of it.
    onNotice(`${totalBytes - source.offset} bytes behind the end are left out`);
    return;
  }
  const end = whenThere(source, () => source.bytes(expectedEnd.length));
  for (;;) {
    const { done, value } = end.next();
    if (done !== true) await refill(source, input);
    else if (value === expectedEnd) break;
    else source.fail("what is behind the end is not the mark that was announced");
  }
  if (source.available > 0) input.unread?.(source.bytes(source.available));
}
