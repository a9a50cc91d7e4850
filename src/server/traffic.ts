import type { Traffic } from "../commands/host.ts";
import { Rate } from "../support/rate.ts";

export class TrafficCounter implements Traffic {
  connectionsReceived = 0;
  connectionsRejected = 0;
  inputBytes = 0;
  outputBytes = 0;
  replicaOutputBytes = 0;
  readsProcessed = 0;
  writesProcessed = 0;
  readonly #input: Rate;
  readonly #output: Rate;
  readonly #masterInput: Rate;
  readonly #replicaOutput: Rate;
  readonly #commands: Rate;

  constructor(nowMs: number) {
    this.#input = new Rate(nowMs);
    this.#output = new Rate(nowMs);
    this.#masterInput = new Rate(nowMs);
    this.#replicaOutput = new Rate(nowMs);
    this.#commands = new Rate(nowMs);
  }

  get inputBytesPerSecond(): number {
    return this.#input.perSecond;
  }

  get outputBytesPerSecond(): number {
    return this.#output.perSecond;
  }

  get masterInputBytesPerSecond(): number {
    return this.#masterInput.perSecond;
  }

  get replicaOutputBytesPerSecond(): number {
    return this.#replicaOutput.perSecond;
  }

  get commandsPerSecond(): number {
    return this.#commands.perSecond;
  }

  countRead(bytes: number): void {
    this.readsProcessed++;
    this.inputBytes += bytes;
  }

  countWrite(bytes: number): void {
    this.writesProcessed++;
    this.outputBytes += bytes;
  }

  countReplicaWrite(bytes: number): void {
    this.writesProcessed++;
    this.replicaOutputBytes += bytes;
  }

  /** So far: `commands` have been processed, `masterBytes` have come from masters. */
  sample(nowMs: number, commands: number, masterBytes: number): void {
    this.#input.sample(this.inputBytes + masterBytes, nowMs);
    this.#output.sample(this.outputBytes + this.replicaOutputBytes, nowMs);
    this.#masterInput.sample(masterBytes, nowMs);
    this.#replicaOutput.sample(this.replicaOutputBytes, nowMs);
    this.#commands.sample(commands, nowMs);
  }

  resetCounters(): void {
    this.connectionsReceived = 0;
    this.connectionsRejected = 0;
    this.inputBytes = 0;
    this.outputBytes = 0;
    this.replicaOutputBytes = 0;
    this.readsProcessed = 0;
    this.writesProcessed = 0;
  }
}
