import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** What the store may open at once (LevelDB's default of 1000 tables), and some for everything else. */
const RESERVED = 1064;

/**
 * How many clients this process has file descriptors for. Without one LevelDB cannot open its files and
 * Node.js cannot even look at its own memory, so clients must not take the last.
 */
export function clientsByDescriptors(): number {
  const limit = descriptorLimit();
  return Math.max(1, Math.floor(limit - Math.min(RESERVED, limit / 2)));
}

/** Infinity where the system does not tell. */
function descriptorLimit(): number {
  let limits: string;
  try {
    limits = readFileSync("/proc/self/limits", "latin1");
  } catch {
    return Infinity;
  }
  const [, soft] = /^Max open files\s+([0-9]+)\s/m.exec(limits) ?? [];
  return soft === undefined ? Infinity : Number(soft);
}

/** The descriptor of a socket, -1 when it is closed. */
export function descriptorOf(socket: Socket): number {
  const { _handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  return _handle?.fd ?? -1;
}
