import {
  INT_MAX,
  LONG_MAX,
  UINT_MAX,
  choice,
  integer,
  memory,
  octal,
  path,
  string,
  words,
  yesNo,
} from "../option-types.ts";
import { bufferLimits } from "../special-option-types.ts";
import { ValueError } from "../option.ts";

const MB = 1024 ** 2;
const NO_LIMIT = { hardBytes: 0, softBytes: 0, softSeconds: 0 };

/** Redis' limit; more addresses than that is a mistake. */
const MAX_ADDRESSES = 16;

export const NETWORK = {
  bind: words(
    ["127.0.0.1"],
    {
      help: "Addresses to listen on; '*' is every IPv4 one, a '-' in front: if there is such an address",
      aliases: ["host"],
      changes: "listener",
    },
    (addresses) => {
      if (addresses.length > MAX_ADDRESSES) throw new ValueError("Too many bind addresses specified.");
    },
  ),
  port: integer(
    6377,
    { min: 0n, max: 65535n },
    {
      help: "TCP port; 0: any free one, or none where there is a Unix socket",
      changes: "listener",
    },
  ),
  unixsocket: path("", { help: "Unix socket to listen on", changes: "start" }),
  unixsocketperm: octal(
    0,
    { min: 0n, max: 0o777n },
    {
      help: "Permissions of the Unix socket; 0: as the umask gives them",
      changes: "start",
    },
  ),
  "tcp-backlog": integer(
    511,
    { min: 0n, max: INT_MAX },
    {
      help: "Connections that may wait to be accepted",
      changes: "start",
    },
  ),
  "tcp-keepalive": integer(
    300,
    { min: 0n, max: INT_MAX },
    {
      help: "Probe idle connections after this many seconds; 0: never",
    },
  ),
  timeout: integer(
    0,
    { min: 0n, max: INT_MAX },
    {
      help: "Close a client that was idle for this many seconds; 0: never",
    },
  ),
  maxclients: integer(10_000, { min: 1n, max: UINT_MAX }, { help: "Clients connected at the same time" }),
  "protected-mode": yesNo(true, {
    help: "Without a password, answer only clients of this machine",
  }),
  requirepass: string("", {
    help: "Password that clients have to give; empty: none",
    isSensitive: true,
  }),
  "proto-max-bulk-len": memory(
    512 * MB,
    { min: BigInt(MB), max: LONG_MAX },
    {
      help: "Longest single argument",
    },
  ),
  "client-query-buffer-limit": memory(
    1024 * MB,
    { min: BigInt(MB), max: LONG_MAX },
    {
      help: "Bytes of a request that may wait for its end",
    },
  ),
  "client-output-buffer-limit": bufferLimits(
    {
      normal: NO_LIMIT,
      replica: { hardBytes: 256 * MB, softBytes: 64 * MB, softSeconds: 60 },
      pubsub: { hardBytes: 32 * MB, softBytes: 8 * MB, softSeconds: 60 },
    },
    { help: "Close a client of the class whose unread replies exceed this; 0: no limit" },
  ),
  "enable-debug-command": choice(["no", "yes", "local"], "no", {
    help: "Who may send DEBUG; local: clients of this machine",
    changes: "start",
  }),
  "enable-protected-configs": choice(["no", "yes", "local"], "no", {
    help: "Who may change protected parameters with CONFIG SET",
    changes: "start",
  }),
  "enable-module-command": choice(["no", "yes", "local"], "no", {
    none: "there are no modules",
    changes: "start",
  }),
  "bind-source-addr": string("", { none: "leveldis opens no connections of its own yet" }),
  "socket-mark-id": integer(
    0,
    { min: 0n, max: UINT_MAX },
    {
      fixed: { to: [0], why: "sockets cannot be marked: only 0 is supported" },
      changes: "start",
    },
  ),
  aclfile: path("", {
    fixed: { to: [""], why: "users are not supported yet: only the default user and requirepass" },
    changes: "start",
  }),
  "acl-pubsub-default": choice(["allchannels", "resetchannels"], "resetchannels", {
    none: "there are no users but the default one yet",
  }),
  "acllog-max-len": integer(128, { min: 0n, max: LONG_MAX }, { none: "there is no ACL LOG yet" }),
} as const;
