import type { ReadObject } from "../keyspace/repeated-reads.ts";
import { withKeptText } from "../resp/kept-texts.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Context } from "./command.ts";

/** What `read` makes of an object and a request, or made of them before while they are asked again and again (`RepeatedReads`). */
export function repeated(
  { keyspace, resp }: Context,
  args: readonly Bytes[],
  object: ReadObject,
  read: () => readonly Reply[],
): readonly Reply[] {
  return keyspace.repeatedReads.answer(object, args, resp, read, withKeptText);
}
