import type { Bytes } from "../support/bytes.ts";
import { LinkError, type ServerLink } from "./server-link.ts";

/** What another server is told of this one before it gives its data. */
export interface Introduction {
  /** Empty: `password` alone, or nothing. */
  readonly user: Bytes;
  readonly password: Bytes;
  /** It shows it in INFO, and tells it Sentinels. */
  readonly listeningPort: number;
  /** Empty: the address that it sees. */
  readonly announcedIp: Bytes;
}

/** What it answers to PSYNC. `later`: it cannot now; `unknown`: it is older than PSYNC; `refused`: not at all. */
export type SyncAnswer =
  | { readonly kind: "full"; readonly id: string; readonly offset: number }
  | { readonly kind: "continue"; readonly id: string | null }
  | { readonly kind: "later" | "unknown" | "refused"; readonly text: string };

/** A place in a history of changes: that many bytes of it are known. */
export interface Position {
  readonly id: string;
  readonly offset: number;
}

/** What a server is answered that has not logged in yet; older ones have no code for it. */
const NOT_LOGGED_IN = /^(?:NOAUTH|NOPERM|ERR operation not permitted)/;

/**
 * The part of the handshake that comes before the data: https://redis.io/docs/latest/operate/oss_and_stack/management/replication/.
 * `onNotice` is told what goes another way than it should, and does no harm. @throws LinkError
 */
export async function introduce(
  link: ServerLink,
  { user, password, listeningPort, announcedIp }: Introduction,
  onNotice: (notice: string) => void,
): Promise<void> {
  const pong = await link.ask("PING");
  if (pong.isError && !NOT_LOGGED_IN.test(pong.text)) {
    throw new LinkError(`Error reply to PING from master: '-${pong.text}'`);
  }
  onNotice("Master replied to PING, replication can continue...");
  if (password !== "") {
    const login = await link.ask("AUTH", ...(user === "" ? [password] : [user, password]));
    if (login.isError) throw new LinkError(`Unable to AUTH to MASTER: -${login.text}`);
  }
  const tell = async (what: string, ...args: readonly Bytes[]): Promise<void> => {
    const { text, isError } = await link.ask("REPLCONF", ...args);
    if (isError) onNotice(`(Non critical) Master does not understand REPLCONF ${what}: -${text}`);
  };
  await tell("listening-port", "listening-port", String(listeningPort));
  if (announcedIp !== "") await tell("ip-address", "ip-address", announcedIp);
  await tell("capa", "capa", "eof", "capa", "psync2");
}

/**
 * Asks for what came since `known`, null: for everything. `isHandingOver`: the other server, a replica until now, is to
 * become a master by it. @throws LinkError
 */
export async function askForData(
  link: ServerLink,
  known: Position | null,
  isHandingOver = false,
): Promise<SyncAnswer> {
  const { text, isError } = await link.ask(
    "PSYNC",
    known?.id ?? "?",
    known === null ? "-1" : String(known.offset + 1),
    ...(isHandingOver ? ["FAILOVER"] : []),
  );
  if (isError) {
    return { kind: kindOf(text), text: `-${text}` };
  }
  const full = /^FULLRESYNC ([0-9a-f]{40}) ([0-9]{1,15})$/i.exec(text);
  if (full !== null) return { kind: "full", id: full[1]!, offset: Number(full[2]) };
  const more = /^CONTINUE(?: ([0-9a-f]{40}))?$/i.exec(text.trimEnd());
  if (more !== null) return { kind: "continue", id: more[1] ?? null };
  return { kind: "refused", text: `+${text}` };
}

function kindOf(error: string): "later" | "unknown" | "refused" {
  if (/^(?:NOMASTERLINK|LOADING)/.test(error)) return "later";
  return /^ERR unknown command/i.test(error) ? "unknown" : "refused";
}
