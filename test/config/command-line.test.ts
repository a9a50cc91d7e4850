import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommandLine, type Directive } from "../../src/config/command-line.ts";
import { Draft } from "../../src/config/draft.ts";
import { applyEnvironment } from "../../src/config/environment.ts";
import { StartError } from "../../src/config/option.ts";
import type { Values } from "../../src/config/options.ts";
import { loadConfig } from "../../src/config/start.ts";

function directives(...argv: string[]): readonly Directive[] {
  const parsed = parseCommandLine(argv);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  return parsed.directives;
}

describe("the command line", () => {
  test.each<[string[], string, string[]]>([
    [["--port", "1"], "port", ["1"]],
    [["--port=1"], "port", ["1"]],
    [["--port 1"], "port", ["1"]],
    [["--PORT", "1"], "port", ["1"]],
    [["--host", "a", "b"], "bind", ["a", "b"]],
    [["--readonly"], "readonly", ["yes"]],
    [["--readonly", "no"], "readonly", ["no"]],
    [["--save"], "save", [""]],
    [["--save", "900", "1"], "save", ["900", "1"]],
    [["--requirepass", "--secret"], "requirepass", ["--secret"]],
    [["--requirepass", "ä"], "requirepass", ["\xc3\xa4"]],
    [["--hash-max-listpack-entries", "0"], "hash-max-listpack-entries", ["0"]],
    [["--slowlog-log-slower-than", "-1"], "slowlog-log-slower-than", ["-1"]],
  ])("%j", (argv, name, words) => {
    expect(directives(...argv)).toEqual([{ name, words }]);
  });

  test("a file first, a dash for standard input, more of a repeatable option", () => {
    const backend = ["--backend-option", "a=1", "--backend-option", "b=2"];
    expect(parseCommandLine(["x.conf", "-", ...backend])).toEqual({
      kind: "run",
      file: "x.conf",
      readsStdin: true,
      directives: [
        { name: "backend-option", words: ["a=1"] },
        { name: "backend-option", words: ["b=2"] },
      ],
    });
  });

  test.each([["--nope"], ["--port", "1", "--nope", "2"], ["-x"], ["--daemonise", "no"]])(
    "%j %j is unknown",
    (...argv) => {
      expect(() => parseCommandLine(argv)).toThrow(StartError);
    },
  );

  test("any words are taken or refused with a StartError", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "--port",
        "--bind",
        "--save",
        "--requirepass",
        "-",
        "--",
        "--port=",
        "--port 1 2",
        "-1",
        "yes",
        "no",
        "__proto__",
        "--__proto__",
        "--constructor",
      ),
      fc.string({ unit: "binary", maxLength: 10 }),
    );
    fc.assert(
      // The first would be a file.
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        try {
          loadConfig(
            ["--timeout", "1", ...words.filter((it) => it !== "-" && !it.startsWith("--logfile"))],
            {},
          );
        } catch (error) {
          expect(error).toBeInstanceOf(StartError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("the environment", () => {
  const read = (environment: Record<string, string>): Values => {
    const draft = new Draft();
    applyEnvironment(draft, environment);
    return draft.finish();
  };

  test("variables are options; empty ones and those of service links are not", () => {
    const values = read({
      LEVELDIS_GC_INTERVAL: "7",
      LEVELDIS_HOST: "a b",
      LEVELDIS_TIMEOUT: "",
      LEVELDIS_PORT: "tcp://10.0.0.1:6377",
      LEVELDIS_SERVICE_HOST: "10.0.0.1",
      LEVELDIS_PORT_6377_TCP: "x",
      OTHER: "x",
    });
    expect([values.gcInterval, values.bind, values.timeout, values.port]).toEqual([7, ["a", "b"], 0, 6377]);
  });

  test.each([
    ["LEVELDIS_NOPE", "1", "there is no such option"],
    ["LEVELDIS_PORT", "x", "argument couldn't be parsed into an integer"],
    ["LEVELDIS_SEED_FROM", "x", "must be redis://[[user]:password@]host[:port][/db]"],
  ])("%s=%s", (name, value, reason) => {
    expect(() => read({ [name]: value })).toThrow(
      new StartError(`leveldis: environment variable ${name}: ${reason}`),
    );
  });
});
