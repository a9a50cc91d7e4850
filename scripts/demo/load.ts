import type { Redis } from "ioredis";
import { dependencies, type Package } from "./package-index.ts";

/** Packages in one pipeline. */
const PIPELINE_PACKAGES = 200;

/** Writes the packages, pipelined; rejects with the first error that the server answers. */
export async function load(
  client: Redis,
  packages: readonly Package[],
  onProgress: (done: number, total: number) => void,
): Promise<{ readonly seconds: number; readonly commands: number }> {
  const startedMs = performance.now();
  let commands = 0;
  for (let start = 0; start < packages.length; start += PIPELINE_PACKAGES) {
    const pipeline = client.pipeline();
    for (const entry of packages.slice(start, start + PIPELINE_PACKAGES)) {
      const name = entry.get("Package")!;
      pipeline.hset(`package:${name}`, Object.fromEntries(entry));
      pipeline.sadd(`section:${entry.get("Section") ?? "none"}`, name);
      for (const dependency of dependencies(entry)) pipeline.sadd(`rdepends:${dependency}`, name);
      pipeline.zadd("packages:by-size", Number(entry.get("Installed-Size") ?? 0), name);
    }
    commands += pipeline.length;
    for (const [error] of (await pipeline.exec())!) if (error !== null) throw error;
    onProgress(Math.min(start + PIPELINE_PACKAGES, packages.length), packages.length);
  }
  return { seconds: (performance.now() - startedMs) / 1000, commands };
}
