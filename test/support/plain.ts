import RedisParser from "redis-parser";

/** A reply as client libraries see it: no difference between a status and a bulk string, `null` for any nil. */
export type Plain = string | number | bigint | null | Error | Plain[];

/**
 * The value of one whole RESP2 reply, by the parser that Node's Redis clients have used for years. Strings are
 * bytes, one character each; an error reply is an `Error` with its text as the message.
 */
export function plain(reply: Buffer): Plain {
  // The parser's numbers end at 2^53.
  if (reply[0] === 0x3a && reply.length > 17) return BigInt(reply.toString("latin1", 1, reply.length - 2));
  const replies: unknown[] = [];
  const parser = new RedisParser({
    returnBuffers: true,
    returnReply: (value) => replies.push(value),
    returnError: (error) => replies.push(error),
    returnFatalError: (error) => {
      throw error;
    },
  });
  parser.execute(reply);
  if (replies.length !== 1) throw new Error(`${replies.length} replies in one`);
  return fromParser(replies[0]);
}

function fromParser(value: unknown): Plain {
  if (Buffer.isBuffer(value)) return value.latin1Slice();
  if (Array.isArray(value)) return value.map(fromParser);
  // The parser's error class keeps a stack and a name of its own, which comparisons would see.
  if (value instanceof Error) return error(value.message);
  return value as Plain;
}

/** What an error reply is in a test: `expect(await client.send("INCR", "k")).toEqual(error("ERR …"))`. */
export function error(message: string): Error {
  return new Error(message);
}
