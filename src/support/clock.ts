// The global of the same name is a getter, which takes as long as the clock.
import { performance } from "node:perf_hooks";

/** The system's clock was set, or ran at another speed, when the two differ by more. */
const MAX_DRIFT_MS = 2;
/** Between two looks at the system's clock. */
const LOOK_AFTER_MS = 1;

let originMs = performance.timeOrigin;
let lookedAtMs = -Infinity;

/** Milliseconds of a clock that nobody sets, from the start of the process, with fractions. */
export function monotonicMs(): number {
  return performance.now();
}

/**
 * Unix time in ms, with fractions, at a moment of `monotonicMs` that is now, or was so just before. Node's clock has whole
 * ones: the rest comes from the monotonic clock, held to the first.
 */
function unixTimeAt(momentMs: number): number {
  if (momentMs - lookedAtMs >= LOOK_AFTER_MS) {
    lookedAtMs = momentMs;
    const driftMs = Date.now() - (originMs + momentMs);
    if (Math.abs(driftMs) > MAX_DRIFT_MS) originMs += driftMs;
  }
  return originMs + momentMs;
}

/** Unix time in whole ms at such a moment: a command that has asked one clock when it begins need not ask another. */
export function unixMsAt(momentMs: number): number {
  return Math.floor(unixTimeAt(momentMs));
}

/** Unix time in whole ms, as commands see it: those of `Date.now()` may differ from it by `MAX_DRIFT_MS`. */
export function unixMs(): number {
  return unixMsAt(performance.now());
}

/** Unix time in µs. */
export function nowMicroseconds(): number {
  return Math.floor(unixTimeAt(performance.now()) * 1000);
}
