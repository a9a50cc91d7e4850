/** What is wrong with an RDB file, a stream of one, or the payload of DUMP. */
export class RdbError extends Error {
  override readonly name = "RdbError";
  /** Where, in bytes from the beginning. */
  readonly offset: number;
  readonly reason: string;

  constructor(offset: number, reason: string) {
    super(`at byte ${offset}: ${reason}`);
    this.offset = offset;
    this.reason = reason;
  }
}
