import type { CommandCounters } from "../commands/host.ts";
import type { CommandError } from "../errors.ts";

/** Error codes that are counted one by one; beyond, Redis' advice is that something else is wrong. */
const MAX_ERROR_CODES = 128;

/** What INFO stats and errorstats tell of the commands, since the start or CONFIG RESETSTAT. */
export class Statistics implements CommandCounters {
  commandsProcessed = 0;
  keyspaceHits = 0;
  keyspaceMisses = 0;
  errorReplies = 0;
  /** By code: `ERR`, `WRONGTYPE` … */
  readonly errorsByCode = new Map<string, number>();
  restarts = 0;

  countError(error: CommandError, times = 1): void {
    this.errorReplies += times;
    const { code } = error;
    const known = this.errorsByCode.get(code);
    if (known !== undefined || this.errorsByCode.size < MAX_ERROR_CODES) {
      this.errorsByCode.set(code, (known ?? 0) + times);
    }
  }

  reset(): void {
    this.commandsProcessed = 0;
    this.keyspaceHits = 0;
    this.keyspaceMisses = 0;
    this.errorReplies = 0;
    this.restarts = 0;
    this.errorsByCode.clear();
  }
}
