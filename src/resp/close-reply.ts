import type { Reply } from "./reply.ts";
import { type OutputPart, ReplyWriter } from "./reply-writer.ts";

/** A reply that nobody will read, down to its streams. */
export function closeReply(reply: Reply): void {
  if (typeof reply !== "object" || reply === null) return;
  const writer = new ReplyWriter();
  writer.write(reply, 2);
  for (const part of writer.takeParts()) closeStream(part);
}

/** A stream that will not be read: its snapshot must go. */
export function closeStream(part: OutputPart): void {
  if (typeof part === "string") return;
  part.stream.pages[Symbol.asyncIterator]()
    .return?.()
    .catch(() => {
      // Nobody waits for it any more.
    });
}
