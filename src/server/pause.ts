import type { Pause, PauseMode } from "../commands/host.ts";

/** setTimeout takes no more; a longer pause is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class ClientPause implements Pause {
  mode: PauseMode = "off";
  untilMs = 0;
  over: Promise<void> = Promise.resolve();
  #resolve: () => void = () => {};
  #timer: NodeJS.Timeout | null = null;

  start(mode: "write" | "all", untilMs: number): void {
    if (this.mode === "off") this.over = new Promise((resolve) => (this.#resolve = resolve));
    if (this.mode !== "all") this.mode = mode;
    this.untilMs = Math.max(this.untilMs, untilMs);
    this.#watch();
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.mode = "off";
    this.untilMs = 0;
    this.#resolve();
  }

  #watch(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const leftMs = this.untilMs - Date.now();
    if (leftMs <= 0) {
      this.end();
      return;
    }
    this.#timer = setTimeout(() => this.#watch(), Math.min(leftMs, MAX_TIMER_MS));
    this.#timer.unref();
  }
}
