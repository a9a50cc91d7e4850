import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

/**
 * npm does not run install scripts unless it is told to, so nothing can be compiled at installation: the binary
 * that comes within the package must do. A process of its own tells which one it loaded.
 */
const program = `
  import { ClassicLevel } from "classic-level";
  const db = new ClassicLevel(process.argv[1]);
  await db.put("k", "v");
  const value = await db.get("k");
  await db.close();
  const libraries = process.report.getReport().sharedObjects.filter((path) => path.includes("classic-level"));
  console.log(JSON.stringify({ value, libraries }));
`;

test("classic-level works with its prebuilt binary", () => {
  const folder = mkdtempSync(join(tmpdir(), "leveldis-packaging-"));
  try {
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", program, folder]).toString();
    const { value, libraries } = JSON.parse(output) as { value: string; libraries: string[] };
    expect(value).toBe("v");
    expect(libraries).toEqual([expect.stringContaining("classic-level/prebuilds/")]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
