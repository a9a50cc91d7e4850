import type { ConnectedReplica } from "./connected-replica.ts";
import type { Replicas } from "./replicas.ts";
import type { ReplicationStream } from "./stream.ts";
import type { WritePause } from "./write-pause.ts";

/** How often the replicas are looked at. */
const TICK_MS = 20;

/** The time that replicas get before the server stops: what it acknowledged shall be with them. */
export class Grace {
  readonly #replicas: Replicas;
  readonly #stream: ReplicationStream;
  #host!: WritePause;
  #untilMs = 0;
  #abort: (() => void) | null = null;

  constructor(replicas: Replicas, stream: ReplicationStream) {
    this.#replicas = replicas;
    this.#stream = stream;
  }

  start(host: WritePause): void {
    this.#host = host;
  }

  /** What is left of it in ms; null when there is none. */
  get leftMs(): number | null {
    return this.#abort === null ? null : Math.max(0, this.#untilMs - Date.now());
  }

  /**
   * Resolves when all replicas have everything, or after `timeoutMs`; writes wait from then on, too, until `end`. False
   * when it was aborted.
   */
  async wait(timeoutMs: number): Promise<boolean> {
    if (timeoutMs === 0 || this.#lagging().length === 0) return true;
    this.#host.log("notice", "Waiting for replicas before shutting down.");
    this.#untilMs = Date.now() + timeoutMs;
    this.#host.pauseWrites();
    this.#replicas.askForAcknowledgements();
    const isReady = await this.#caughtUp();
    if (!isReady) this.end();
    return isReady;
  }

  #caughtUp(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isReady: boolean): void => {
        clearInterval(timer);
        this.#abort = null;
        resolve(isReady);
      };
      const timer = setInterval(() => {
        if (Date.now() >= this.#untilMs || this.#lagging().length === 0) settle(true);
      }, TICK_MS);
      this.#abort = () => settle(false);
    });
  }

  /** False: there was none. */
  abort(): boolean {
    if (this.#abort === null) return false;
    this.#abort();
    return true;
  }

  /** The server does not stop after all. */
  end(): void {
    this.#host.resumeWrites();
  }

  /** What the log is to tell of the replicas that the server leaves behind. */
  tell(): void {
    const { size } = this.#replicas;
    if (size === 0) return;
    const lagging = this.#lagging();
    const nowMs = Date.now();
    for (const replica of lagging) {
      const behind = this.#stream.offset - replica.acknowledged;
      this.#host.log(
        "warning",
        `Lagging replica ${replica.name} reported offset ${behind} behind master, ` +
          `lag=${replica.lagSeconds(nowMs)}, state=${replica.state}.`,
      );
    }
    this.#host.log("notice", `${size - lagging.length} of ${size} replicas are in sync when shutting down.`);
  }

  #lagging(): ConnectedReplica[] {
    return [...this.#replicas].filter(({ acknowledged }) => acknowledged !== this.#stream.offset);
  }
}
