import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BacklogFiles } from "../../src/replication/backlog-files.ts";

let folder: string;
let open: BacklogFiles[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leveldis-backlog-"));
});

afterEach(() => {
  for (const files of open.splice(0)) files.close();
  rmSync(folder, { recursive: true });
});

function openFiles(size = 1 << 20): BacklogFiles {
  const files = new BacklogFiles(folder, () => size);
  open.push(files);
  return files;
}

const paths = (): string[] => {
  const inner = join(folder, "replication");
  return readdirSync(inner)
    .sort()
    .map((name) => join(inner, name));
};

/** What is there after a start, as text; null when nothing fits. */
function restored(end: number, size?: number): { begin: number; text: string } | null {
  const found = openFiles(size).restore(end);
  return found === null ? null : { begin: found.begin, text: Buffer.concat(found.chunks).latin1Slice() };
}

test("nothing is there at first", () => {
  expect(restored(0)).toBeNull();
});

test("what was appended is there again, up to where the data reaches", () => {
  const files = openFiles();
  files.append(100, [Buffer.from("one")]);
  files.append(103, [Buffer.from("two")]);
  files.append(106, [Buffer.from("three")]);
  expect(restored(106)).toEqual({ begin: 100, text: "onetwo" });
  // What was beyond it is gone.
  expect(restored(106)).toEqual({ begin: 100, text: "onetwo" });
  expect(restored(111)).toBeNull();
});

test("what goes on after a start follows what was there", () => {
  openFiles().append(0, [Buffer.from("one")]);
  const files = openFiles();
  expect(files.restore(3)).not.toBeNull();
  files.append(3, [Buffer.from("two")]);
  expect(restored(6)).toEqual({ begin: 0, text: "onetwo" });
});

test("where the data ends elsewhere, nothing is of use", () => {
  openFiles().append(100, [Buffer.from("one")]);
  expect(restored(102)).toBeNull();
  expect(paths()).toEqual([]);
});

test("the last piece can be taken back", () => {
  const files = openFiles();
  files.append(0, [Buffer.from("one")]);
  files.append(3, [Buffer.from("two")]);
  files.cutBack(3);
  files.append(3, [Buffer.from("TWO")]);
  files.cutBack(6);
  expect(restored(6)).toEqual({ begin: 0, text: "oneTWO" });
});

test("after a gap, or a new beginning, only what comes then is there", () => {
  const files = openFiles();
  files.append(0, [Buffer.from("one")]);
  files.append(10, [Buffer.from("two")]);
  expect(restored(13)).toEqual({ begin: 10, text: "two" });
  const others = openFiles();
  others.restore(13);
  others.clear(50);
  expect(paths()).toEqual([]);
  others.append(50, [Buffer.from("x")]);
  expect(restored(51)).toEqual({ begin: 50, text: "x" });
});

test("only so much is kept, a piece of any size included", () => {
  const files = openFiles(200_000);
  const piece = Buffer.alloc(10_000, "x");
  for (let i = 0; i < 100; i++) files.append(i * piece.length, [piece]);
  const bytes = paths().reduce((sum, path) => sum + statSync(path).size, 0);
  expect(bytes).toBeGreaterThanOrEqual(200_000);
  expect(bytes).toBeLessThan(350_000);
  files.append(1_000_000, [Buffer.alloc(1_000_000, "y")]);
  files.append(2_000_000, [piece]);
  files.append(2_010_000, [piece]);
  expect(restored(2_020_000, 200_000)!.begin).toBeLessThanOrEqual(1_820_000);
});

test("a file that is written over gives nothing of what it held before", () => {
  const size = 130_000;
  const files = openFiles(size);
  const fill = (seed: number, length: number): Buffer => Buffer.alloc(length, String(seed % 7));
  let all = "";
  let last = "";
  let bytesOfNew = 0;
  for (let i = 0; i < 200; i++) {
    const parts = [fill(i, 1 + ((i * 997) % 9000)), fill(i + 1, 100)];
    files.append(all.length, parts);
    all += Buffer.concat(parts).latin1Slice();
    const path = paths().at(-1)!;
    if (path !== last) bytesOfNew = Math.max(bytesOfNew, statSync(path).size);
    last = path;
    // As a kill at this moment leaves it.
    const copy = mkdtempSync(join(tmpdir(), "leveldis-backlog-"));
    cpSync(folder, copy, { recursive: true });
    const killed = new BacklogFiles(copy, () => size);
    open.push(killed);
    const { begin, chunks } = killed.restore(all.length)!;
    expect(begin).toBeLessThanOrEqual(Math.max(0, all.length - size));
    expect(Buffer.concat(chunks).latin1Slice() === all.slice(begin)).toBe(true);
    rmSync(copy, { recursive: true });
  }
  // More than one piece is in a file that has just been begun.
  expect(bytesOfNew).toBeGreaterThan(60_000);
});

test("whatever byte is damaged, what is given is what was written", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 30 }),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 0, max: 300_000 }),
      (lengths, where, bit, size) => {
        rmSync(join(folder, "replication"), { recursive: true, force: true });
        const files = openFiles(size);
        let all = "";
        for (const [i, length] of lengths.entries()) {
          const bytes = Buffer.alloc(length, String.fromCharCode(97 + (i % 26)));
          files.append(all.length, [bytes]);
          all += bytes.latin1Slice();
        }
        const whole = restored(all.length, size);
        expect(whole!.text).toBe(all.slice(whole!.begin));
        expect(whole!.text.length).toBeGreaterThanOrEqual(Math.min(size, all.length));
        const path = paths()[where % paths().length]!;
        const bytes = readFileSync(path);
        bytes[where % bytes.length]! ^= 1 << (bit % 8);
        writeFileSync(path, bytes);
        const rest = restored(all.length, size);
        if (rest !== null) expect(rest.text).toBe(all.slice(rest.begin));
        for (const one of open.splice(0)) one.close();
      },
    ),
    { numRuns: 40 },
  );
});
