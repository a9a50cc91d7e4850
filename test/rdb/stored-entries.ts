import { openLevelStore } from "../../src/storage/store.ts";

/** The keys in the LevelDB of a server that has ended: all but those of server-wide records. At most a few. */
export async function storedEntries(folder: string): Promise<string[]> {
  const store = await openLevelStore(folder, {
    cacheSizeBytes: 0,
    backendOptions: {},
    createIfMissing: false,
  });
  try {
    const iterator = store.iterate({ gte: '"', lt: "\xff", keysOnly: true });
    const entries = await iterator.next(10);
    await iterator.close();
    const loading = store.getSync("!loading");
    return [...entries.map(([key]) => key), ...(loading === undefined ? [] : ["!loading"])];
  } finally {
    await store.close();
  }
}
