import type { Server } from "./host.ts";

/** Below this there is nothing to see. */
const LEAST_BYTES = 5 << 20;
/** The most that was used, against what is used now. */
const LARGE_PEAK = 1.5;
const LARGE_BUFFER_BYTES = 200 << 10;

/** What MEMORY DOCTOR says. Its frame is Redis', what it looks at is V8's heap and the buffers of clients. */
export function memoryReport({ memory, clients }: Server): string {
  const { usedBytes } = memory.use();
  if (usedBytes < LEAST_BYTES) return NOTHING_TO_SEE;
  const issues: string[] = [];
  if (memory.peakBytes / usedBytes > LARGE_PEAK) {
    issues.push(
      "Peak memory: more than 150% of what is used now has been in use. V8 gives memory back by and by; MEMORY PURGE " +
        "makes it do so now.",
    );
  }
  if (
    clients.recentMaxOutputBuffer > LARGE_BUFFER_BYTES ||
    clients.recentMaxInputBuffer > LARGE_BUFFER_BYTES
  ) {
    issues.push(
      "Big client buffers: a client had more than 200 KB of requests or replies in the last seconds. CLIENT LIST " +
        "shows which one; see client-output-buffer-limit.",
    );
  }
  if (issues.length === 0) return ALL_WELL;
  const list = issues.map((issue) => ` * ${issue}\n\n`).join("");
  return `Sam, I detected a few issues in this Redis instance memory implants:\n\n${list}${GOOD_BYE}`;
}

const NOTHING_TO_SEE =
  "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these " +
  "conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to " +
  "our programming as soon as I finished rebooting.\n";
const ALL_WELL =
  "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n";
const GOOD_BYE = "I'm here to keep you safe, Sam. I want to help you.\n";
