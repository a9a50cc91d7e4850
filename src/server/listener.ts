import { chmodSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { StartError } from "../config/option.ts";
import { parseBindAddress } from "./bind-address.ts";
import { formatAddress, type Peer, tcpPeer, unixPeer } from "./peer.ts";

export interface ListenOptions {
  /** As the `bind` option has them: `-` in front of an address that may be missing, `*` for all of IPv4. */
  readonly bind: readonly string[];
  /** 0: any free one, the same on all addresses. */
  readonly port: number;
  /** Empty: none. */
  readonly unixPath: string;
  /** 0: as the umask gives them. */
  readonly unixMode: number;
  readonly backlog: number;
}

export type OnConnection = (socket: Socket, peer: Peer) => void;
/** A connection could not be accepted, for want of file descriptors most likely; listening goes on. */
export type OnAcceptError = (error: Error) => void;

/** Where clients come in. */
export class Listener {
  readonly #onConnection: OnConnection;
  readonly #onAcceptError: OnAcceptError;
  readonly #servers: NetServer[] = [];
  /** The TCP port, 0 when there is none. */
  port = 0;

  private constructor(onConnection: OnConnection, onAcceptError: OnAcceptError) {
    this.#onConnection = onConnection;
    this.#onAcceptError = onAcceptError;
  }

  /** @throws StartError naming what could not be listened on; nothing is listened on then */
  static async open(
    options: ListenOptions,
    onConnection: OnConnection,
    onAcceptError: OnAcceptError,
  ): Promise<Listener> {
    const listener = new Listener(onConnection, onAcceptError);
    try {
      if (options.port > 0 || options.unixPath === "") await listener.#openTcp(options);
      if (options.unixPath !== "") await listener.#openUnix(options);
    } catch (error) {
      await listener.close();
      throw error;
    }
    return listener;
  }

  async #openTcp({ bind, port, backlog }: ListenOptions): Promise<void> {
    this.port = port;
    for (const text of bind) {
      const { host, isOptional } = parseBindAddress(text);
      const server = this.#create(tcpPeer);
      try {
        await listen(server, { host, port: this.port, backlog, ipv6Only: host.includes(":") });
      } catch (cause) {
        if (isOptional && isMissingAddress(cause)) continue;
        throw new StartError(
          `Failed listening on port ${this.port} (TCP), aborting. ${reason(cause, formatAddress(host, this.port))}`,
          { cause },
        );
      }
      this.#add(server);
      const address = server.address();
      if (address !== null && typeof address === "object") this.port = address.port;
    }
    if (bind.length > 0 && this.#servers.length === 0) {
      throw new StartError(
        `Failed listening on port ${port} (TCP), aborting. This machine has none of the addresses ${bind.join(" ")}`,
      );
    }
    if (this.#servers.length === 0) this.port = 0;
  }

  async #openUnix({ unixPath, unixMode, backlog }: ListenOptions): Promise<void> {
    const peer = unixPeer(unixPath);
    const server = this.#create(() => peer);
    try {
      await removeStaleSocket(unixPath);
      await listen(server, { path: unixPath, backlog });
      this.#add(server);
      if (unixMode > 0) chmodSync(unixPath, unixMode);
    } catch (cause) {
      throw new StartError(`Failed opening Unix socket ${unixPath}. ${reason(cause, unixPath)}`, { cause });
    }
  }

  #create(peerOf: (socket: Socket) => Peer): NetServer {
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#onConnection(socket, peerOf(socket));
    });
  }

  #add(server: NetServer): void {
    server.on("error", this.#onAcceptError);
    this.#servers.push(server);
  }

  /** Stops accepting; connections stay. */
  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
  }
}

async function listen(server: NetServer, options: Parameters<NetServer["listen"]>[0]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options as object, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** A server that was killed leaves its socket behind. One that answers stays, and the start fails. */
async function removeStaleSocket(path: string): Promise<void> {
  const code = await new Promise<string | undefined>((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (code === "ECONNREFUSED") unlinkSync(path);
}

function isMissingAddress(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT" || code === "ENOTFOUND";
}

function reason(error: unknown, where: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EADDRINUSE":
      return `${where} is already in use`;
    case "EACCES":
      return `${where} needs more rights than this process has`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `This machine has no address ${where}`;
    default:
      return message;
  }
}
