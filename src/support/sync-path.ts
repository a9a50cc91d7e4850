import { open } from "node:fs/promises";

/** Resolves when what was written to a file, or which names a folder has, is on the disk itself. */
export async function syncPath(path: string, flags: "r" | "r+" = "r"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
