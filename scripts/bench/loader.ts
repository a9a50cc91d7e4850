import { once } from "node:events";
import { createConnection } from "node:net";

/**
 * Fills a server: millions of commands over one connection, without waiting for each reply. What it sends cannot be compressed,
 * else LevelDB's files would be smaller than what they stand for.
 */

/** Commands that are sent before their replies have come. */
const UNANSWERED = 20_000;
const CHUNK_CHARS = 64 * 1024;

const POOL = Array.from({ length: 1 << 20 }, noise()).join("");

/** The 500,000th prime: no size that anybody measures is a multiple of it. */
const PRIME = 7_368_787;

/** A command as the protocol has it; strings are bytes, one character each. */
export function encode(...command: readonly string[]): string {
  let text = `*${command.length}\r\n`;
  for (const argument of command) text += `$${argument.length}\r\n${argument}\r\n`;
  return text;
}

/** A value that differs from its neighbours. */
export function value(index: number, bytes: number): string {
  const at = (index * 7919) % (POOL.length - bytes);
  return POOL.slice(at, at + bytes);
}

/** As redis-benchmark writes its `__rand_int__`: `12` ⇒ `"000000000012"`. */
export function digits(index: number): string {
  return String(index).padStart(12, "0");
}

/** Every number below `size` for one index below it: keys arrive in no order, as a user's do. */
export function scattered(index: number, size: number): number {
  return (index * PRIME) % size;
}

/** Sends what `command` gives for 0, 1, 2, …. Replies have to be of as many lines (a bulk string: 2), and no errors. Seconds. */
export async function load(
  port: number,
  count: number,
  command: (index: number) => string,
  linesPerReply = 1,
): Promise<number> {
  const startedAt = performance.now();
  const socket = createConnection(port, "127.0.0.1");
  await once(socket, "connect");
  let lines = 0;
  let wake = (): void => {};
  let failure: Error | undefined;
  let isLineStart = true;
  socket.on("data", (chunk: Buffer) => {
    const text = chunk.latin1Slice();
    const error = text.indexOf("-ERR");
    if (error === 0 ? isLineStart : error > 0 && text[error - 1] === "\n") {
      failure = new Error(text.slice(error, error + 200));
    }
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
    isLineStart = text.endsWith("\n");
    wake();
  });
  socket.on("close", () => {
    failure ??= new Error("the server closed the connection");
    wake();
  });
  const until = async (isReached: () => boolean): Promise<void> => {
    while (!isReached()) {
      await new Promise<void>((resolve) => (wake = resolve));
      if (failure !== undefined) throw failure;
    }
  };
  try {
    for (let sent = 0; sent < count;) {
      let text = "";
      while (sent < count && text.length < CHUNK_CHARS) text += command(sent++);
      if (!socket.write(Buffer.from(text, "latin1"))) await once(socket, "drain");
      await until(() => sent - lines / linesPerReply <= UNANSWERED);
    }
    await until(() => lines >= count * linesPerReply);
  } finally {
    socket.destroy();
  }
  return (performance.now() - startedAt) / 1000;
}

/** Random characters, the same in every run. */
function noise(): () => string {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode((state >>> 8) & 0xff);
  };
}
