/**
 * Numbers of the RDB format (https://rdb.fnordig.de/file_format.html has the old ones, Redis' release notes the newer).
 * Frozen by Redis.
 */

/** What stands before a value: its type and encoding. */
export const RdbType = {
  string: 0,
  list: 1,
  set: 2,
  /** Scores as text. */
  zset: 3,
  hash: 4,
  /** Scores as binary doubles. */
  zset2: 5,
  /** Redis 4.0 before its release: cannot be skipped. */
  module: 6,
  module2: 7,
  hashZipmap: 9,
  listZiplist: 10,
  setIntset: 11,
  zsetZiplist: 12,
  hashZiplist: 13,
  /** Nodes are ziplists. */
  listQuicklist: 14,
  stream: 15,
  hashListpack: 16,
  zsetListpack: 17,
  /** Nodes are listpacks or plain. */
  listQuicklist2: 18,
  /** First id, greatest deleted id, entries added; entries read of groups. */
  stream2: 19,
  setListpack: 20,
  /** Active times of consumers. */
  stream3: 21,
  /** From 22 on hashes whose fields expire: Redis 7.4, before its release and from then on. */
  hashExpiringBeforeRelease: 22,
  hashExpiringListpackBeforeRelease: 23,
  hashExpiring: 24,
  hashExpiringListpack: 25,
} as const;

/** What else may stand where a key's type would. */
export const RdbOpcode = {
  /** Redis 7.2 and up: slot, keys and expiring keys of a cluster node's slot. */
  slotInfo: 244,
  library: 245,
  /** Functions as the release candidates of Redis 7.0 wrote them. */
  libraryBeforeRelease: 246,
  moduleAux: 247,
  idle: 248,
  frequency: 249,
  aux: 250,
  resizeDb: 251,
  expiresMs: 252,
  expiresS: 253,
  selectDb: 254,
  end: 255,
} as const;

/** The two upper bits of a length's first byte, or all of it. */
export const RdbLength = {
  sixBits: 0,
  fourteenBits: 1,
  bits32: 0x80,
  bits64: 0x81,
  /** Not a length: an encoded string, whose encoding is in the six lower bits. */
  encoded: 3,
} as const;

export const RdbStringEncoding = { int8: 0, int16: 1, int32: 2, lzf: 3 } as const;

/** What is written of a module's value, so that others can skip it. */
export const RdbModulePart = { end: 0, signed: 1, unsigned: 2, float: 3, double: 4, string: 5 } as const;

/** Of a quicklist's node. */
export const RdbNode = { plain: 1, packed: 2 } as const;

/** The newest version that is read: Redis 7.4. */
export const MAX_RDB_VERSION = 12;
