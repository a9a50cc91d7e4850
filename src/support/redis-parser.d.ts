declare module "redis-parser" {
  /** The part of the parser's interface that is used here; the package ships no types. */
  export default class RedisParser {
    constructor(options: {
      returnReply(reply: unknown): void;
      returnError(error: Error): void;
      returnFatalError(error: Error): void;
      returnBuffers?: boolean;
      stringNumbers?: boolean;
    });
    execute(chunk: Buffer): void;
  }
}
