import type { Pause, PauseMode, PausePurpose } from "../commands/host.ts";

/** setTimeout takes no more; a longer pause is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What one of those who pause wants. */
interface Wish {
  mode: "write" | "all";
  untilMs: number;
}

export class ClientPause implements Pause {
  over: Promise<void> = Promise.resolve();
  readonly #wishes = new Map<PausePurpose, Wish>();
  #resolve: () => void = () => {};
  #timer: NodeJS.Timeout | null = null;

  get mode(): PauseMode {
    let mode: PauseMode = "off";
    for (const wish of this.#wishes.values()) {
      if (wish.mode === "all") return "all";
      ({ mode } = wish);
    }
    return mode;
  }

  get untilMs(): number {
    return Math.max(0, ...Array.from(this.#wishes.values(), ({ untilMs }) => untilMs));
  }

  start(mode: "write" | "all", untilMs: number, purpose: PausePurpose = "command"): void {
    if (this.#wishes.size === 0) this.over = new Promise((resolve) => (this.#resolve = resolve));
    const wish = this.#wishes.get(purpose);
    if (wish === undefined) this.#wishes.set(purpose, { mode, untilMs });
    else {
      if (wish.mode !== "all") wish.mode = mode;
      wish.untilMs = Math.max(wish.untilMs, untilMs);
    }
    this.#watch();
  }

  end(purpose: PausePurpose = "command"): void {
    if (!this.#wishes.delete(purpose)) return;
    this.#watch();
  }

  endAll(): void {
    this.#wishes.clear();
    this.#watch();
  }

  #watch(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const nowMs = Date.now();
    for (const [purpose, { untilMs }] of this.#wishes) if (untilMs <= nowMs) this.#wishes.delete(purpose);
    if (this.#wishes.size === 0) {
      this.#resolve();
      return;
    }
    const nextMs = Math.min(...Array.from(this.#wishes.values(), ({ untilMs }) => untilMs));
    if (nextMs === Infinity) return;
    this.#timer = setTimeout(() => this.#watch(), Math.min(nextMs - nowMs, MAX_TIMER_MS));
    this.#timer.unref();
  }
}
