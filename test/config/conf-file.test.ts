import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyConfigFile, applyConfigText } from "../../src/config/conf-file.ts";
import { Draft } from "../../src/config/draft.ts";
import { StartError } from "../../src/config/option.ts";
import type { Values } from "../../src/config/options.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leveldis-conf-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string): Values {
  const draft = new Draft();
  applyConfigText(draft, text, "x.conf");
  return draft.finish();
}

describe("syntax", () => {
  test("comments, blanks, case, quotes, CRLF, sizes", () => {
    const values = read(
      '# timeout 1\r\n\r\n  \tTimeOut   7  \r\nrequirepass "a\\x20\\"b"\r\ncache-size 2mb\nreadonly YES',
    );
    expect([values.timeout, values.requirepass, values.cacheSize, values.readonly]).toEqual([
      7,
      'a "b',
      2 ** 21,
      true,
    ]);
  });

  test("lines of a list add up within a file, and replace what was before", () => {
    const draft = new Draft();
    applyConfigText(draft, "save 1 2\nsave 3 4", "a");
    expect(draft.values.save).toEqual([
      { seconds: 1, changes: 2 },
      { seconds: 3, changes: 4 },
    ]);
    draft.beginSource();
    applyConfigText(draft, "save 5 6", "b");
    expect(draft.values.save).toEqual([{ seconds: 5, changes: 6 }]);
  });

  test.each([
    ["timeout", "wrong number of arguments"],
    ["timeout 1 2", "wrong number of arguments"],
    ["nope 1", "Bad directive or wrong number of arguments"],
    ['requirepass "x', "Unbalanced quotes in configuration line"],
    ["include", "wrong number of arguments"],
    ["user a on", "users are not supported yet: only the default user and requirepass"],
    ["loadmodule x.so", "modules are not supported"],
    ["rename-command GET G", "rename-command is not supported yet"],
    ["daemonize yes", "leveldis stays in the foreground: start it from a service manager"],
    [
      "maxmemory 1gb",
      "data is kept on disk and never evicted: only 0 is supported; record-cache-size and cache-size bound the memory",
    ],
  ])("%s is refused with its file and line", (line, reason) => {
    expect(() => read(`port 1\n\n${line}\n`)).toThrow(
      new StartError(`leveldis: bad configuration, x.conf, line 3, '${line}': ${reason}`),
    );
  });

  test("an unsupported value may be taken back by a later line", () => {
    expect(read("daemonize yes\ndaemonize no").daemonize).toBe(false);
  });
});

describe("include", () => {
  test("a file, a pattern in order, none that matches", () => {
    writeFileSync(join(folder, "1.inc"), "timeout 1\nmaxclients 11");
    writeFileSync(join(folder, "2.inc"), "timeout 2");
    writeFileSync(join(folder, "main.conf"), `include ${folder}/*.inc\ninclude ${folder}/*.none\n`);
    const draft = new Draft();
    applyConfigFile(draft, join(folder, "main.conf"));
    expect([draft.values.timeout, draft.values.maxclients]).toEqual([2, 11]);
  });

  test("one that includes itself ends, one that is missing is named", () => {
    const self = join(folder, "self.conf");
    writeFileSync(self, `include ${self}`);
    expect(() => applyConfigFile(new Draft(), self)).toThrow(/too many files that include one another/);
    expect(() => read(`include ${folder}/gone.conf`)).toThrow(
      /can't open config file '.*gone\.conf': No such file/,
    );
  });
});

test("any text is read or refused with a StartError", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "timeout",
      "save",
      "bind",
      "client-output-buffer-limit",
      "backend-option",
      "normal",
      '"',
      "'",
      "\\x",
      "#",
      "1",
      "1gb",
      "yes",
      "-1",
    ),
    fc.string({ unit: "binary", maxLength: 12 }).map((text) => Buffer.from(text).toString("latin1")),
  );
  const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
  // A line must not name a file: what is there is not the test's to say.
  const text = fc
    .array(
      line.filter((it) => !/include/i.test(it)),
      { maxLength: 6 },
    )
    .map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, (it) => {
      try {
        read(it);
      } catch (error) {
        expect(error).toBeInstanceOf(StartError);
        expect((error as Error).message).toMatch(/^leveldis: bad configuration, x\.conf, line \d+, '/);
      }
    }),
    { numRuns: 2000 },
  );
});
