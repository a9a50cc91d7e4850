/** Encodings, and with them the order of replies, follow from these: both servers get them. */
const unpackedThresholds = [
  ["--hash-max-listpack-entries", "0"],
  ["--zset-max-listpack-entries", "0"],
  ["--set-max-intset-entries", "0"],
  ["--list-max-listpack-size", "1"],
].flat();

/**
 * The ways in which the whole black-box suite is run: a handler must give the same answers when each of its
 * reads faults, and when no collection is small enough to be packed.
 */
const optionsOfVariant = {
  normal: [],
  faults: ["--debug-fault-every-read", "yes"],
  // Sets of strings are packed in a later Redis; the one compared with does not know it, nor packed streams.
  unpacked: [
    ...unpackedThresholds,
    ...["--set-max-listpack-entries", "0", "--stream-max-packed-bytes", "0"],
    // What is written leaves memory soon.
    ...["--redo-log-size", "20kb"],
    // Nothing that changes is kept beside a collection that is in memory.
    ...["--collection-changes-kept", "0"],
    ...["--repeated-reads-kept", "0"],
  ],
  memory: ["--backend", "memory"],
} as const;

export type Variant = keyof typeof optionsOfVariant;

export const variants = Object.keys(optionsOfVariant) as Variant[];

/** The one that this run is for (`TEST_VARIANT`). */
export const variant = parse(process.env["TEST_VARIANT"] ?? "normal");

export function optionsOf(name: Variant): readonly string[] {
  return optionsOfVariant[name];
}

/** What a redis-server beside the tested one gets. */
export function redisOptionsOf(name: Variant): readonly string[] {
  return name === "unpacked" ? unpackedThresholds : [];
}

function parse(name: string): Variant {
  if (!variants.includes(name as Variant)) throw new Error(`TEST_VARIANT is one of ${variants.join(", ")}`);
  return name as Variant;
}
