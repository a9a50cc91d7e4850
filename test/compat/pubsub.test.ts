import { describe, expect, test } from "vitest";
import { splitArgs } from "../../src/support/split-args.ts";
import { encodeCommand } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const redis = useServer({ kind: "redis" });
const tested = useServer();

/** What one client sends on a new connection. All bytes that it receives must be equal. */
const CONVERSATIONS = [
  "SUBSCRIBE a; SUBSCRIBE a; SUBSCRIBE b c; UNSUBSCRIBE a; UNSUBSCRIBE x; UNSUBSCRIBE b c; UNSUBSCRIBE; UNSUBSCRIBE",
  "PSUBSCRIBE a*; PSUBSCRIBE a* b*; PUNSUBSCRIBE c*; PUNSUBSCRIBE b* a*; PUNSUBSCRIBE",
  "SSUBSCRIBE a b; SSUBSCRIBE a; SUNSUBSCRIBE x; SUNSUBSCRIBE a b; SUNSUBSCRIBE",
  "SUBSCRIBE a; PSUBSCRIBE b; SSUBSCRIBE c; UNSUBSCRIBE; PUNSUBSCRIBE; PING; SUNSUBSCRIBE; PING",
  "SUBSCRIBE a a a; UNSUBSCRIBE a a a",
  "SUBSCRIBE a; PING; PING hello; PING a b; PING",
  "SUBSCRIBE a; RESET; PING; PUBSUB NUMSUB a; PUBLISH a 1",
  "SUBSCRIBE; PSUBSCRIBE; SSUBSCRIBE; PUBLISH a; PUBLISH a b c; SPUBLISH a; PUBSUB; PUBSUB NONE; PUBSUB CHANNELS a b",
  "PUBSUB HELP; PUBSUB HELP x; pubsub help; PUBSUB NUMPAT x; PUBSUB SHARDCHANNELS a b; PUBSUB NUMSUB; PUBSUB SHARDNUMSUB",
  "PUBLISH a 1; SPUBLISH a 1; PUBSUB CHANNELS; PUBSUB NUMSUB a b; PUBSUB NUMPAT; PUBSUB SHARDCHANNELS; PUBSUB SHARDNUMSUB a",
  "MULTI; SUBSCRIBE a; PSUBSCRIBE c; UNSUBSCRIBE; PUNSUBSCRIBE; EXEC; PING",
  "MULTI; SUBSCRIBE a; UNSUBSCRIBE a; SUBSCRIBE a; SET x 1; EXEC; PING; UNSUBSCRIBE; GET x",
  "MULTI; SSUBSCRIBE a; SUNSUBSCRIBE; EXEC; PUBSUB SHARDNUMSUB a",
  "MULTI; SUBSCRIBE; PING; EXEC",
  "EXEC x; MULTI; EXEC x; EXEC; MULTI; NONE; EXEC",
  "MULTI; PUBLISH a 1; SPUBLISH a 1; PUBSUB NUMPAT; EXEC",
  "CLIENT REPLY OFF; SUBSCRIBE a b; UNSUBSCRIBE a b; SET x 1; PSUBSCRIBE a; PUNSUBSCRIBE; CLIENT REPLY ON",
  "CLIENT REPLY SKIP; SUBSCRIBE a; UNSUBSCRIBE a; PING",
  'SUBSCRIBE "" "\\x00\\xff\\r\\n"; UNSUBSCRIBE ""; UNSUBSCRIBE',
  "SUBSCRIBE a; NONE; CLIENT; SET x; SELECT 1; FLUSHALL; OBJECT ENCODING a; ECHO a; MULTI; PUBSUB NUMPAT; QUIT now",
];

/** A subscriber cannot: the errors name subcommands. */
const CONVERSATIONS_IN_RESP2 = [
  "SUBSCRIBE a; CLIENT LIST; HELLO 3; PUBLISH a 1; CONFIG GET port; COMMAND COUNT; INFO; CLIENT ID; PUBSUB CHANNELS",
  "PSUBSCRIBE a; GET x; SET x; CLIENT; CLIENT NONE; CONFIG SET port; UNSUBSCRIBE; GET x; PUNSUBSCRIBE; GET x",
  "SSUBSCRIBE a; GET x; MULTI; EXEC; AUTH x; SUNSUBSCRIBE; GET x",
];

/** These show the order of replies and messages, where a subscriber may publish to itself: in RESP3. */
const CONVERSATIONS_IN_RESP3 = [
  "SUBSCRIBE a; PUBLISH a 1; PUBLISH a 2; PUBLISH b 1; GET x; SUBSCRIBE b; PUBLISH b 2; PING; PING x",
  "SUBSCRIBE a; PSUBSCRIBE a*; PUBLISH a 1; UNSUBSCRIBE a; PUBLISH a 2; PUBSUB NUMPAT; PUBSUB CHANNELS",
  "PSUBSCRIBE a*; PUBLISH a 1; PUBLISH ab 2; PUBLISH b 3; PUBSUB NUMPAT; PUBSUB NUMSUB a",
  "SSUBSCRIBE a; SPUBLISH a 1; PUBLISH a 2; PSUBSCRIBE *; SPUBLISH a 3; PUBSUB SHARDNUMSUB a b; PUBSUB SHARDCHANNELS",
  "SUBSCRIBE a; CLIENT REPLY OFF; PUBLISH a 1; CLIENT REPLY ON; CLIENT REPLY SKIP; PUBLISH a 2; PING",
  "SUBSCRIBE a; RESET; PUBLISH a 1; PING",
  "SUBSCRIBE a; HELLO 2; PING; GET x; UNSUBSCRIBE; GET x",
  'SUBSCRIBE "a\\x00b" "\\xff"; PUBLISH "a\\x00b" "x\\x00y"; PUBLISH "\\xff" ""; PUBSUB CHANNELS "*\\x00*"',
  "CONFIG SET notify-keyspace-events KEA; SUBSCRIBE __keyevent@0__:set; SET x 1; GET x; DEL x; CONFIG SET notify-keyspace-events ''",
];

const MARK = "the-end-of-it";

async function receivedFrom(server: TestServer, text: string, resp: 2 | 3): Promise<string> {
  await using client = resp === 2 ? await server.connect() : await server.connect3();
  await client.sendRaw("FLUSHALL");
  const commands = text.split("; ").map((words) => splitArgs(words)!);
  for (const command of commands) client.write(encodeCommand(command));
  client.write(encodeCommand(["PING", MARK]));
  let received = "";
  while (!received.includes(MARK)) {
    try {
      received += (await client.readRaw()).latin1Slice();
    } catch {
      return `${received}(closed)`;
    }
  }
  return received;
}

describe.each([2, 3] as const)("RESP%i", (resp) => {
  test.each([...CONVERSATIONS, ...(resp === 2 ? CONVERSATIONS_IN_RESP2 : CONVERSATIONS_IN_RESP3)])(
    "%s",
    async (text) => {
      const [wanted, found] = await Promise.all(
        [redis, tested].map((server) => receivedFrom(server, text, resp)),
      );
      expect(withoutIds(found!)).toBe(withoutIds(wanted!));
    },
  );
});

/** The id in the reply of HELLO. */
function withoutIds(bytes: string): string {
  return bytes.replace(/(\$2\r\nid\r\n):\d+/, "$1:id");
}
