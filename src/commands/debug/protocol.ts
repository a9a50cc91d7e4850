import { CommandError } from "../../errors.ts";
import {
  Attributes,
  BigNumber,
  Bool,
  Double,
  MapReply,
  Push,
  type Reply,
  Sequence,
  SetReply,
  Verbatim,
} from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";

/** DEBUG PROTOCOL type: a reply of each kind that RESP3 has, for those who write clients. */
export function debugProtocol({ resp }: Context, args: readonly Bytes[]): Reply {
  switch (args[2]!.toLowerCase()) {
    case "string":
      return "Hello World";
    case "integer":
      return 12345;
    case "double":
      // oxlint-disable-next-line oxc/approx-constant -- Redis' own number, not an approximation
      return new Double(3.141);
    case "bignum":
      return new BigNumber("1234567999999999999999999999999999999");
    case "null":
      return null;
    case "array":
      return [0, 1, 2];
    case "set":
      return new SetReply([0, 1, 2]);
    case "map":
      return new MapReply([0, 1, 2].flatMap((n) => [n, new Bool(n === 1)]));
    case "attrib":
      return new Sequence([
        new Attributes(["key-popularity", ["key:123", 90]]),
        "Some real reply following the attribute",
      ]);
    case "push":
      if (resp === 2) throw new CommandError("ERR RESP2 is not supported by this command");
      return new Sequence([new Push(["server-cpu-usage", 42]), "Some real reply following the push reply"]);
    case "true":
      return new Bool(true);
    case "false":
      return new Bool(false);
    case "verbatim":
      return new Verbatim("txt", "This is a verbatim\nstring");
    default:
      throw new CommandError(
        "ERR Wrong protocol type name. Please use one of the following: " +
          "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
      );
  }
}
