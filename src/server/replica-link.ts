import type { ReplicaLink } from "../replication/connected-replica.ts";
import type { Bytes } from "../support/bytes.ts";
import type { ClientSocket } from "./client-socket.ts";
import type { TrafficCounter } from "./traffic.ts";

/** The session whose connection it is. */
interface Owner {
  readonly id: number;
  readonly address: Bytes;
  readonly isClosed: boolean;
  describe(nowMs: number): Bytes;
  close(): void;
  closeAfterReply(): void;
}

/** The socket of a client that became a replica: nothing else is written to it any more. */
export class SocketReplicaLink implements ReplicaLink {
  readonly #owner: Owner;
  readonly #socket: ClientSocket;
  readonly #traffic: TrafficCounter;
  onDrain: () => void = () => undefined;
  readonly #drained = (): void => this.onDrain();

  constructor(owner: Owner, socket: ClientSocket, traffic: TrafficCounter) {
    this.#owner = owner;
    this.#socket = socket;
    this.#traffic = traffic;
    socket.on("close", () => this.onDrain());
  }

  get address(): Bytes {
    return this.#owner.address;
  }

  get isClosed(): boolean {
    return this.#owner.isClosed;
  }

  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  setNoDelay(isOn: boolean): void {
    this.#socket.setNoDelay(isOn);
  }

  describe(nowMs: number): Bytes {
    return this.#owner.describe(nowMs);
  }

  write(bytes: Buffer): void {
    if (this.isClosed) return;
    this.#traffic.countReplicaWrite(bytes.length);
    this.#socket.sendBuffer(bytes, this.#drained);
  }

  end(): void {
    this.#owner.closeAfterReply();
  }

  close(): void {
    this.#owner.close();
  }
}
