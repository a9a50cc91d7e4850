/** What the tests use of redlock, whose package does not export its types. */
declare module "redlock" {
  import type { Redis } from "ioredis";
  export interface Settings {
    readonly retryCount: number;
    readonly retryDelay: number;
    readonly retryJitter: number;
  }
  export interface Lock {
    readonly expiration: number;
    extend(durationMs: number): Promise<Lock>;
    release(): Promise<unknown>;
  }
  export class ExecutionError extends Error {}
  export default class Redlock {
    constructor(clients: readonly Redis[], settings?: Partial<Settings>);
    acquire(resources: readonly string[], durationMs: number): Promise<Lock>;
    using<T>(resources: readonly string[], durationMs: number, routine: () => Promise<T>): Promise<T>;
  }
}
