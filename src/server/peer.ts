import type { Socket } from "node:net";
import { bytesOfText, type Bytes } from "../support/bytes.ts";

/** Both ends of a connection. */
export interface Peer {
  /** `ip:port`, `[ip]:port`, or `path:0` for a unix socket. */
  readonly address: Bytes;
  readonly localAddress: Bytes;
  readonly isLocal: boolean;
  readonly isUnix: boolean;
}

export function tcpPeer(socket: Socket): Peer {
  const { remoteAddress = "?", remotePort = 0, localAddress = "?", localPort = 0 } = socket;
  return {
    address: formatAddress(remoteAddress, remotePort),
    localAddress: formatAddress(localAddress, localPort),
    isLocal: remoteAddress === "127.0.0.1" || remoteAddress === "::1",
    isUnix: false,
  };
}

export function unixPeer(path: string): Peer {
  const address = `${bytesOfText(path)}:0`;
  return { address, localAddress: address, isLocal: true, isUnix: true };
}

/** `("::1", 6377)` ⇒ `[::1]:6377` */
export function formatAddress(ip: string, port: number): Bytes {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
