/** The system's clock was set, or ran at another speed, when the two differ by more. */
const MAX_DRIFT_US = 2000;

let originUs = performance.timeOrigin * 1000;

/** Unix time in µs. Node's clock has ms: the rest comes from the monotonic one, held to the first. */
export function nowMicroseconds(): number {
  const clockUs = Date.now() * 1000;
  const preciseUs = originUs + performance.now() * 1000;
  if (Math.abs(preciseUs - clockUs) <= MAX_DRIFT_US) return Math.floor(preciseUs);
  originUs += clockUs - preciseUs;
  return clockUs;
}
