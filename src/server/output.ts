import { writeRefused } from "../executor/disk-health.ts";
import { closeStream } from "../resp/close-reply.ts";
import type { Reply, StreamReply } from "../resp/reply.ts";
import { type OutputPart, ReplyWriter } from "../resp/reply-writer.ts";
import type { BatchWaiter } from "../storage/committer.ts";
import type { Bytes } from "../support/bytes.ts";
import type { ClientSocket } from "./client-socket.ts";
import { SOCKET_HIGH_WATER, StreamSender } from "./stream-sender.ts";
import type { TrafficCounter } from "./traffic.ts";

/** What the output needs to know of the group commit. */
export interface Commits {
  /** Everything up to this batch is in the store. */
  readonly written: number;
  wait(batch: number, waiter: BatchWaiter): void;
  /** What `work` changes is written when it is done. */
  gather(work: () => void): void;
}

/** Long bulks go to the socket in pieces of this size: encoding copies them. */
const PIECE = 256 * 1024;

/** Of the only one an array keeps its memory this way, for the next that comes. There must be one. */
function takeFirst<Item>(queue: Item[]): Item {
  return queue.length === 1 ? queue.pop()! : queue.shift()!;
}

/** Replies that wait for one batch. */
interface Held {
  batch: number;
  readonly writer: ReplyWriter;
  replies: number;
}

/**
 * Everything that one client still has to receive, in the order of its requests:
 *
 *     outbox  →  open   →  held, held, …
 *
 * `outbox` is on its way to the socket and never grows beyond what one flush brings. `open` gathers
 * replies of this turn that may leave. `held` are replies whose batch is not written yet, and all that came
 * after them. When a batch fails, each reply that waited for it becomes the same error, and pushes are dropped.
 */
export class Output implements BatchWaiter {
  readonly #socket: ClientSocket;
  readonly #commits: Commits;
  readonly #traffic: TrafficCounter;
  /** Told when something has left that the session may have waited for. */
  readonly #onProgress: () => void;
  readonly #open = new ReplyWriter();
  #held: Held[] = [];
  /** Was held, and may be used again. */
  #spare: Held | null = null;
  #heldBytes = 0;
  /** Batches that `batchDone` will be called for, in this order. */
  readonly #awaited: number[] = [];
  #outbox: OutputPart[] = [];
  #outboxBytes = 0;
  #sender: StreamSender | null = null;
  /** Streams that are being sent or wait for it. */
  #streams = 0;
  #isClosed = false;

  constructor(socket: ClientSocket, commits: Commits, traffic: TrafficCounter, onProgress: () => void) {
    this.#socket = socket;
    this.#commits = commits;
    this.#traffic = traffic;
    this.#onProgress = onProgress;
    socket.on("drain", () => {
      this.#pump();
      this.#onProgress();
    });
  }

  /** Bytes that wait, in memory; a stream counts with the page that is being sent. */
  get bytes(): number {
    return this.#open.bytes + this.#heldBytes + this.#outboxBytes + this.#socket.writableLength;
  }

  /** Bytes that wait for a batch, for CLIENT LIST. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Parts that wait for the socket, for CLIENT LIST. */
  get partCount(): number {
    return this.#outbox.length + this.#held.length;
  }

  get hasStreams(): boolean {
    return this.#streams > 0;
  }

  /** Nothing waits any more, except in the socket. */
  get isEmpty(): boolean {
    return (
      this.#held.length === 0 && this.#outbox.length === 0 && this.#open.bytes === 0 && this.#sender === null
    );
  }

  add(reply: Reply, resp: 2 | 3, batch: number): void {
    if (this.#held.length === 0 && batch <= this.#commits.written) {
      this.#open.write(reply, resp);
      if (this.#open.streams > 0) this.#count(this.#open);
    } else {
      this.#hold(reply, resp, batch);
    }
  }

  /** What was encoded already and answers no request: nothing is sent in its place when the batch fails. */
  addPush(encoded: Bytes, batch: number): void {
    if (this.#held.length === 0 && batch <= this.#commits.written) {
      this.#open.writeRaw(encoded);
      return;
    }
    this.#heldFor(batch).writer.writeRaw(encoded);
    this.#heldBytes += encoded.length;
  }

  #count(writer: ReplyWriter): void {
    this.#streams += writer.streams;
    writer.streams = 0;
  }

  #heldFor(batch: number): Held {
    let last = this.#held.at(-1);
    if (last === undefined || last.batch !== batch) {
      last = this.#spare ?? { batch, writer: new ReplyWriter(), replies: 0 };
      this.#spare = null;
      last.batch = batch;
      last.replies = 0;
      this.#held.push(last);
      if (batch > (this.#awaited.at(-1) ?? this.#commits.written)) {
        this.#awaited.push(batch);
        this.#commits.wait(batch, this);
      }
    }
    return last;
  }

  #hold(reply: Reply, resp: 2 | 3, batch: number): void {
    const last = this.#heldFor(batch);
    const before = last.writer.bytes;
    last.writer.write(reply, resp);
    last.replies++;
    this.#count(last.writer);
    this.#heldBytes += last.writer.bytes - before;
  }

  batchDone(error: Error | null): void {
    const batch = takeFirst(this.#awaited);
    if (this.#isClosed) return;
    if (error !== null) {
      for (const held of this.#held) if (held.batch === batch) this.#fail(held, error);
    }
    this.#release(batch);
    this.flush();
    this.#onProgress();
  }

  #fail(held: Held, error: Error): void {
    for (const part of held.writer.takeParts()) {
      if (typeof part !== "string") this.#streams--;
      closeStream(part);
    }
    const { reply } = writeRefused(error);
    for (let i = 0; i < held.replies; i++) held.writer.write(reply, 2);
  }

  #release(batch: number): void {
    while (this.#held.length > 0 && this.#held[0]!.batch <= batch) {
      this.#spare = takeFirst(this.#held);
      this.#open.append(this.#spare.writer);
    }
    this.#heldBytes = 0;
    for (const held of this.#held) this.#heldBytes += held.writer.bytes;
  }

  /** Gives the socket what may leave. */
  flush(): void {
    if (this.#isClosed) return;
    const text = this.#outbox.length === 0 && this.#sender === null ? this.#open.takeText() : null;
    if (text !== null && text.length <= PIECE) {
      if (text.length > 0) this.#write(text);
      return;
    }
    if (text !== null) this.#enqueue(text);
    for (const part of this.#open.takeParts()) this.#enqueue(part);
    this.#pump();
  }

  #write(bytes: Bytes): void {
    this.#traffic.countWrite(bytes.length);
    this.#socket.send(bytes);
  }

  #enqueue(part: OutputPart): void {
    this.#outbox.push(part);
    if (typeof part === "string") this.#outboxBytes += part.length;
  }

  #pump(): void {
    if (this.#isClosed || this.#sender !== null) return;
    this.#socket.cork();
    let taken = 0;
    while (taken < this.#outbox.length && this.#socket.writableLength < SOCKET_HIGH_WATER) {
      const part = this.#outbox[taken]!;
      if (typeof part !== "string") {
        taken++;
        this.#send(part.stream, part.resp);
        break;
      }
      this.#write(part.slice(0, PIECE));
      this.#outboxBytes -= Math.min(part.length, PIECE);
      if (part.length > PIECE) this.#outbox[taken] = part.slice(PIECE);
      else taken++;
    }
    this.#outbox.splice(0, taken);
    this.#socket.uncork();
  }

  #send(stream: StreamReply, resp: 2 | 3): void {
    const sender = new StreamSender(stream, resp, (bytes) => this.#write(bytes), this.#socket);
    this.#sender = sender;
    sender.run().then(
      () => {
        this.#sender = null;
        this.#streams--;
        this.#pump();
        this.#onProgress();
      },
      (error: Error) => this.#socket.destroy(error),
    );
  }

  /** Lets go of everything. The socket is the session's. */
  close(): void {
    this.#isClosed = true;
    this.#sender?.cancel();
    const parts = [this.#open, ...this.#held.map((held) => held.writer)].flatMap((writer) =>
      writer.takeParts(),
    );
    for (const part of [...this.#outbox, ...parts]) closeStream(part);
    this.#held = [];
    this.#heldBytes = 0;
    this.#outbox = [];
    this.#outboxBytes = 0;
  }
}
