import { bytesOfText, textOfBytes, type Bytes } from "../support/bytes.ts";
import { ValueError } from "./option.ts";

/** A Redis server, and how to log in there. */
export interface ServerUrl {
  readonly host: string;
  readonly port: number;
  /** Empty: none is named. */
  readonly user: Bytes;
  /** Empty: no login. */
  readonly password: Bytes;
  /** Only this one; null: all. */
  readonly database: number | null;
}

/** `redis://:secret@10.0.0.1:6379/0`; the port may be left out. @throws ValueError */
export function parseServerUrl(text: Bytes): ServerUrl {
  const url = tryParse(text);
  if (
    url === null ||
    url.protocol !== "redis:" ||
    url.hostname === "" ||
    url.search !== "" ||
    url.hash !== ""
  )
    throw new ValueError("must be redis://[[user]:password@]host[:port][/db]");
  const database = /^\/?$/.test(url.pathname) ? null : url.pathname.slice(1);
  if (database !== null && !/^[0-9]{1,9}$/.test(database))
    throw new ValueError("the database behind the address must be a number");
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    database: database === null ? null : Number(database),
  };
}

const DEFAULT_PORT = 6379;

function tryParse(text: Bytes): URL | null {
  try {
    return new URL(textOfBytes(text));
  } catch {
    return null;
  }
}

function decoded(part: string): Bytes {
  try {
    return bytesOfText(decodeURIComponent(part));
  } catch {
    throw new ValueError("user and password must be percent-encoded");
  }
}
