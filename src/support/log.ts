import { closeSync, openSync, writeSync } from "node:fs";

/** From the most to the least talkative. */
export const LOG_LEVELS = ["debug", "verbose", "notice", "warning"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export type Log = (level: LogLevel, message: string) => void;

/** What redis-server puts before a message of each level, so that log readers know it. */
const MARKS: Readonly<Record<LogLevel, string>> = { debug: ".", verbose: "-", notice: "*", warning: "#" };

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Lines of the form `1234:M 21 Nov 2026 13:37:00.123 * Ready to accept connections`, as redis-server has them. */
export class Logger {
  readonly #descriptor: number;
  readonly #threshold: () => LogLevel;

  /** Appends to `file`, or writes to standard output when it is empty. `threshold` is asked at each message. */
  constructor(file: string, threshold: () => LogLevel) {
    this.#descriptor = file === "" ? 1 : openSync(file, "a");
    this.#threshold = threshold;
  }

  readonly log: Log = (level, message) => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.#threshold())) return;
    const line = `${process.pid}:M ${timestamp(new Date())} ${MARKS[level]} ${message}\n`;
    try {
      writeSync(this.#descriptor, line);
    } catch {
      // Nobody reads the log (a closed pipe, a full disk): that must not end the server.
    }
  };

  close(): void {
    if (this.#descriptor !== 1) closeSync(this.#descriptor);
  }
}

function timestamp(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const date = `${two(now.getDate())} ${MONTHS[now.getMonth()]} ${now.getFullYear()}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  return `${date} ${time}.${String(now.getMilliseconds()).padStart(3, "0")}`;
}
