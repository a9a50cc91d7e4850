/** The polynomial of Castagnoli with its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;
/** Bytes that one step takes: "slicing-by-8". */
const SLICES = 8;
const TABLE = makeTable();

/** CRC-32C, as LevelDB has it over blocks and records. `"123456789"` ⇒ e3069283 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  let at = start;
  for (const last = end - SLICES; at <= last; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      TABLE[0x700 | (crc & 0xff)]! ^
      TABLE[0x600 | ((crc >>> 8) & 0xff)]! ^
      TABLE[0x500 | ((crc >>> 16) & 0xff)]! ^
      TABLE[0x400 | (crc >>> 24)]! ^
      TABLE[0x300 | bytes[at + 4]!]! ^
      TABLE[0x200 | bytes[at + 5]!]! ^
      TABLE[0x100 | bytes[at + 6]!]! ^
      TABLE[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** As it stands in files: turned, and moved by a constant, so that a checksum over checksums is no weaker. */
export function maskedCrc32c(bytes: Uint8Array, start: number, end: number): number {
  const crc = crc32c(bytes, start, end);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function makeTable(): Int32Array {
  const table = new Int32Array(SLICES << 8);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    table[byte] = crc;
  }
  for (let at = 256; at < SLICES << 8; at++) {
    const shorter = table[at - 256]!;
    table[at] = (shorter >>> 8) ^ table[shorter & 0xff]!;
  }
  return table;
}
