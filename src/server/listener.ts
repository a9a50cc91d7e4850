import { chmodSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { StartError } from "../config/option.ts";
import { parseBindAddress } from "./bind-address.ts";
import { ClientSocket } from "./client-socket.ts";
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

export type OnConnection = (socket: ClientSocket, peer: Peer) => void;
/** A connection could not be accepted, for want of file descriptors most likely; listening goes on. */
export type OnAcceptError = (error: Error) => void;

/** Where clients come in. */
export class Listener {
  readonly #onConnection: OnConnection;
  readonly #onAcceptError: OnAcceptError;
  readonly #options: ListenOptions;
  /** By address: `127.0.0.1:6377`. */
  #tcp = new Map<string, NetServer>();
  #unix: NetServer | null = null;
  /** The TCP port, 0 when there is none. */
  port = 0;

  private constructor(options: ListenOptions, onConnection: OnConnection, onAcceptError: OnAcceptError) {
    this.#options = options;
    this.#onConnection = onConnection;
    this.#onAcceptError = onAcceptError;
  }

  /** @throws StartError naming what could not be listened on; nothing is listened on then */
  static async open(
    options: ListenOptions,
    onConnection: OnConnection,
    onAcceptError: OnAcceptError,
  ): Promise<Listener> {
    const listener = new Listener(options, onConnection, onAcceptError);
    try {
      if (options.port > 0 || options.unixPath === "") await listener.#openTcp(options);
      if (options.unixPath !== "") await listener.#openUnix(options);
    } catch (error) {
      listener.close();
      throw error;
    }
    return listener;
  }

  /**
   * Listens on other addresses. Those that stay are not interrupted. Port 0: the present one, or none where there is a
   * Unix socket.
   * @throws StartError; the addresses are those of before then
   */
  async move({ bind, port }: Pick<ListenOptions, "bind" | "port">): Promise<void> {
    const before = this.#tcp;
    const portBefore = this.port;
    const hasTcp = port > 0 || this.#options.unixPath === "";
    const target = { bind: hasTcp ? bind : [], port: port > 0 ? port : this.port };
    const wanted = new Set(
      target.bind.map((text) => formatAddress(parseBindAddress(text).host, target.port)),
    );
    const left = [...before].filter(([address]) => !wanted.has(address));
    // First: another address of the same port may be in the way.
    for (const [, server] of left) server.close();
    this.#tcp = new Map([...before].filter(([address]) => wanted.has(address)));
    const kept = new Set(this.#tcp.values());
    try {
      await this.#openTcp(target);
    } catch (error) {
      for (const server of this.#tcp.values()) if (!kept.has(server)) server.close();
      this.#tcp = new Map([...before].filter(([address]) => wanted.has(address)));
      this.port = portBefore;
      for (const [address] of left) await this.#reopen(address);
      throw error;
    }
  }

  async #reopen(address: string): Promise<void> {
    const host = address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
    try {
      await this.#listenTcp(host, this.port);
    } catch (error) {
      this.#onAcceptError(error as Error);
    }
  }

  async #openTcp({ bind, port }: Pick<ListenOptions, "bind" | "port">): Promise<void> {
    this.port = port;
    for (const text of bind) {
      const { host, isOptional } = parseBindAddress(text);
      if (this.#tcp.has(formatAddress(host, this.port))) continue;
      try {
        await this.#listenTcp(host, this.port);
      } catch (cause) {
        if (isOptional && isMissingAddress(cause)) continue;
        throw new StartError(
          `Failed listening on port ${this.port} (TCP), aborting. ${reason(cause, formatAddress(host, this.port))}`,
          { cause },
        );
      }
    }
    if (bind.length > 0 && this.#tcp.size === 0) {
      throw new StartError(
        `Failed listening on port ${port} (TCP), aborting. This machine has none of the addresses ${bind.join(" ")}`,
      );
    }
    if (this.#tcp.size === 0) this.port = 0;
  }

  async #listenTcp(host: string, port: number): Promise<void> {
    const server = this.#create(tcpPeer);
    await listen(server, { host, port, backlog: this.#options.backlog, ipv6Only: host.includes(":") });
    server.on("error", this.#onAcceptError);
    const address = server.address();
    if (address !== null && typeof address === "object") this.port = address.port;
    this.#tcp.set(formatAddress(host, this.port), server);
  }

  async #openUnix({ unixPath, unixMode, backlog }: ListenOptions): Promise<void> {
    const peer = unixPeer(unixPath);
    const server = this.#create(() => peer);
    try {
      await removeStaleSocket(unixPath);
      await listen(server, { path: unixPath, backlog });
      server.on("error", this.#onAcceptError);
      this.#unix = server;
      if (unixMode > 0) chmodSync(unixPath, unixMode);
    } catch (cause) {
      throw new StartError(`Failed opening Unix socket ${unixPath}. ${reason(cause, unixPath)}`, { cause });
    }
  }

  #create(peerOf: (socket: Socket) => Peer): NetServer {
    return createServer({ pauseOnConnect: true }, (accepted) => {
      const socket = new ClientSocket(accepted);
      this.#onConnection(socket, peerOf(socket));
    });
  }

  /** Stops accepting; connections stay. */
  close(): void {
    for (const server of this.#tcp.values()) server.close();
    this.#unix?.close();
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
