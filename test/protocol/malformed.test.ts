import { describe, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";
import { conversation, type End } from "./conversation.ts";

/** What no client library sends. Redis' answers are the right ones, to the byte. */
const inputs: readonly [end: End, bytes: string][] = [
  ["goes on", "\r\n"],
  ["goes on", "\n"],
  ["goes on", "\r\n\r\n\n\r\nPING\r\n"],
  ["goes on", "   \r\n"],
  ["goes on", "\t\r\nPING\r\n"],
  ["goes on", "*0\r\n"],
  ["goes on", "*-1\r\n"],
  ["goes on", "*-10\r\nPING\r\n"],
  ["closes", "*00\r\n"],
  ["closes", "*01\r\n"],
  ["closes", "*+1\r\n"],
  ["closes", "* 1\r\n"],
  ["closes", "*1 \r\n"],
  ["closes", "*\r\n"],
  ["closes", "*a\r\n"],
  ["closes", "*1.5\r\n"],
  ["closes", "*3000000000\r\n"],
  ["closes", "*2147483648\r\n"],
  ["closes", "*9223372036854775808\r\n"],
  ["closes", "*1\r\nfoo\r\n"],
  ["closes", "*1\r\n:1\r\n"],
  ["closes", "*1\r\n+PING\r\n"],
  ["closes", "*1\r\n*1\r\n"],
  ["closes", "*1\r\n\r\n"],
  ["closes", "*1\r\n\xff\r\n"],
  ["closes", "*1\r\n$\r\n"],
  ["closes", "*1\r\n$-1\r\n"],
  ["closes", "*1\r\n$a\r\n"],
  ["closes", "*1\r\n$1.0\r\n"],
  ["closes", "*1\r\n$ 4\r\n"],
  ["closes", "*1\r\n$04\r\nPING\r\n"],
  ["closes", "*1\r\n$+4\r\nPING\r\n"],
  ["closes", "*1\r\n$536870913\r\n"],
  ["closes", "*1\r\n$2000000000\r\n"],
  ["closes", "*1\r\n$9223372036854775808\r\n"],
  ["closes", "*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n"],
  ["closes", "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$-10\r\n"],
  ["closes", "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$blabla\r\n"],
  // The two bytes after a bulk are not looked at.
  ["goes on", "*1\r\n$4\r\nPINGxx"],
  ["goes on", "*2\r\n$4\r\nECHO\r\n$2\r\nabcd*1\r\n$4\r\nPING\r\n"],
  ["goes on", "*1\r\n$4\r\nPINGPING\r\n"],
  // Nor is the byte after a carriage return.
  ["goes on", "*1\rX$4\rXPING\r\n"],
  ["closes", "*1\n$4\nPING\n\r\n"],
  ["goes on", "*1\r\n$0\r\n\r\n"],
  ["goes on", "*2\r\n$0\r\n\r\n$1\r\na\r\n"],
  ["goes on", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n"],
  ["goes on", "PING\r\n"],
  ["goes on", "PING\n"],
  ["goes on", "  PING  \r\n"],
  ["goes on", "ping hello\r\n"],
  ["goes on", 'ECHO "a b"\r\n'],
  ["goes on", 'ECHO "\\x41\\n\\r\\t\\b\\a\\\\\\""\r\n'],
  ["goes on", 'ECHO "\\xzz\\q"\r\n'],
  ["goes on", "ECHO 'it\\'s \\n'\r\n"],
  ["goes on", "ECHO ''\r\n"],
  ["goes on", 'ECHO ""\r\n'],
  ["goes on", 'ECHO a"b c"\r\n'],
  ["closes", 'ECHO "a\r\n'],
  ["closes", "ECHO 'a\r\n"],
  ["closes", 'ECHO "a"b\r\n'],
  ["closes", "ECHO 'a'b\r\n"],
  ["closes", 'set """test-key""" test-value\r\nping\r\n'],
  ["goes on", "nocommand a b c\r\n"],
  ["goes on", "nocommand \"\\x00\\xff\\r\\n\" 'x'\r\n"],
  ["goes on", `nocommand ${"x".repeat(300)}\r\n`],
  ["goes on", `${"n".repeat(300)} a\r\n`],
  ["goes on", "get\r\n"],
  ["goes on", "GeT a b\r\n"],
  ["goes on", "config nosub\r\n"],
  ["goes on", "config\r\n"],
  ["goes on", "object nosub a\r\n"],
  ["goes on", "$4\r\nPING\r\n"],
  ["goes on", "+PING\r\n"],
  ["goes on", "\x01\x02\r\n"],
  ["goes on", "\xff\xfe\r\n"],
  ["closes", "PING\r\n*1\r\nfoo\r\nPING\r\n"],
  ["closes", `*1\r\n$${"1".repeat(70_000)}`],
  ["closes", `*${"1".repeat(70_000)}`],
  ["closes", "x".repeat(70_000)],
  ["closes", "*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n"],
  ["closes", "QUIT\r\n"],
  ["closes", "quit now please\r\n"],
  // Cross-protocol requests of a browser.
  ["closes", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["closes", "GET / HTTP/1.1\r\nHost: localhost:6379\r\n\r\n"],
];

const locked: readonly [end: End, bytes: string][] = [
  ["goes on", "PING\r\n"],
  ["goes on", "SET a b\r\n"],
  ["goes on", "nocommand\r\n"],
  ["goes on", "GET\r\n"],
  ["goes on", "*10\r\n" + "$1\r\na\r\n".repeat(10)],
  ["closes", "*11\r\n"],
  ["closes", "*100\r\n"],
  ["closes", "*1\r\n$16385\r\n"],
  ["closes", "*1\r\n$100000000\r\n"],
  ["goes on", "AUTH wrong\r\n"],
  ["goes on", "AUTH secret\r\n*11\r\n" + "$1\r\na\r\n".repeat(11)],
  ["goes on", "HELLO 3\r\n"],
  ["goes on", "HELLO 3 AUTH default wrong\r\n"],
  ["closes", "QUIT\r\n"],
];

describe("what no client library sends", () => {
  const redis = useServer({ kind: "redis" });
  const tested = useServer();
  test.each(inputs)("%s after %j", async (end, bytes) => {
    expect(await conversation(tested, [bytes], end)).toBe(await conversation(redis, [bytes], end));
  });
});

describe("before the client has logged in", () => {
  const redis = useServer({ kind: "redis", args: ["--requirepass", "secret"] });
  const tested = useServer({ args: ["--requirepass", "secret"] });
  test.each(locked)("%s after %j", async (end, bytes) => {
    expect(await conversation(tested, [bytes], end)).toBe(await conversation(redis, [bytes], end));
  });
});
