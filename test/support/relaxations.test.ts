import { describe, expect, test } from "vitest";
import { difference, relaxationOf, type Relaxation } from "../compat/relaxations.ts";

const cases: [Relaxation, string, string, "equal" | "differ"][] = [
  ["exact", "+OK\r\n", "+OK\r\n", "equal"],
  ["exact", "+OK\r\n", "$2\r\nOK\r\n", "differ"],
  ["exact", "$-1\r\n", "*-1\r\n", "differ"],
  ["exact", ",3\r\n", ",3.0\r\n", "differ"],
  ["unordered", "*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:1\r\n", "equal"],
  ["unordered", "*2\r\n:1\r\n:2\r\n", "*2\r\n:1\r\n:1\r\n", "differ"],
  ["unordered", "*2\r\n:1\r\n:2\r\n", "~2\r\n:1\r\n:2\r\n", "differ"],
  ["unordered", "%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "%2\r\n:3\r\n:4\r\n:1\r\n:2\r\n", "equal"],
  ["unordered", "%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "%2\r\n:1\r\n:4\r\n:3\r\n:2\r\n", "differ"],
  ["unordered pairs", "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "*4\r\n:3\r\n:4\r\n:1\r\n:2\r\n", "equal"],
  ["unordered pairs", "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "*4\r\n:1\r\n:4\r\n:3\r\n:2\r\n", "differ"],
  ["same size", "*2\r\n:1\r\n$1\r\na\r\n", "*2\r\n:9\r\n$1\r\nb\r\n", "equal"],
  ["same size", "*1\r\n:1\r\n", "*2\r\n:1\r\n:1\r\n", "differ"],
  ["same size", "*1\r\n:1\r\n", ":1\r\n", "differ"],
  ["random members", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "*2\r\n$1\r\nc\r\n$1\r\nd\r\n", "equal"],
  ["random members", "*1\r\n$1\r\na\r\n", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "differ"],
  ["random members", "*1\r\n,1\r\n", "*1\r\n$1\r\n1\r\n", "differ"],
  ["seconds within", ":100\r\n", ":99\r\n", "equal"],
  ["seconds within", ":100\r\n", ":97\r\n", "differ"],
  ["ms within", ":100000000\r\n", ":99998500\r\n", "equal"],
  ["seconds within", ":-1\r\n", ":-2\r\n", "differ"],
  ["seconds within", ":1\r\n", ":-1\r\n", "differ"],
  ["ms within", ":100000000\r\n", ":99997500\r\n", "differ"],
  ["same type", "$1\r\na\r\n", "$2\r\nbc\r\n", "equal"],
  ["same type", "$1\r\na\r\n", "$-1\r\n", "differ"],
  ["same type", "-ERR a\r\n", "-ERR b\r\n", "differ"],
  ["unordered", "-ERR a\r\n", "-ERR b\r\n", "differ"],
  ["int for embstr", "$6\r\nembstr\r\n", "$3\r\nint\r\n", "equal"],
  ["int for embstr", "$3\r\nint\r\n", "$6\r\nembstr\r\n", "differ"],
  ["int for embstr", "$8\r\nskiplist\r\n", "$8\r\nlistpack\r\n", "differ"],
  ["listpack for skiplist", "$8\r\nskiplist\r\n", "$8\r\nlistpack\r\n", "equal"],
  ["listpack for skiplist", "$8\r\nlistpack\r\n", "$8\r\nskiplist\r\n", "differ"],
  ["error code only", "-ERR a\r\n", "-ERR b\r\n", "equal"],
  ["error code only", "-ERR a\r\n", "-WRONGTYPE a\r\n", "differ"],
  ["error code only", "-ERR a\r\n", "+ERR\r\n", "differ"],
];

describe("what a relaxation lets pass", () => {
  test.each(cases)("%s: %j and %j %s", (relaxation, expected, actual, verdict) => {
    const found = difference(relaxation, Buffer.from(expected), Buffer.from(actual));
    expect(found === undefined ? "equal" : "differ").toBe(verdict);
  });
});

test("relaxations follow from the command", () => {
  expect(relaxationOf(["get", "k"], 2)).toBe("exact");
  expect(relaxationOf(["hgetall", "k"], 2)).toBe("unordered pairs");
  expect(relaxationOf(["HGETALL", "k"], 3)).toBe("unordered");
  expect(relaxationOf(["config", "get", "*"], 3)).toBe("unordered");
  expect(relaxationOf(["sort", "s", "by", "w_*"], 2)).toBe("exact");
  expect(relaxationOf(["sort", "s", "by", "w_*", "alpha"], 2)).toBe("unordered");
  expect(relaxationOf(["sort", "s", "by", "nosort"], 2)).toBe("unordered");
  expect(relaxationOf(["sort", "s", "by", "nosort", "limit", "0", "1"], 2)).toBe("same size");
});
