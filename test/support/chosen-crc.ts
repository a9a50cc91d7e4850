import { crc32 } from "node:zlib";

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc >>> 0;
});
/** The byte whose entry in the table begins with this one. */
const BYTE_OF = TABLE.reduce<number[]>((bytes, entry, byte) => ((bytes[entry >>> 24] = byte), bytes), []);

/** `text` and the four bytes behind it that give it this crc32: as whoever wants to put all members in one place can. */
export function withCrc(text: string, crc: number): Buffer {
  const steps: number[] = [];
  for (let register = ~crc >>> 0, i = 0; i < 4; i++) {
    const byte = BYTE_OF[register >>> 24]!;
    steps.unshift(byte);
    register = ((register ^ TABLE[byte]!) << 8) >>> 0;
  }
  let register = ~crc32(text) >>> 0;
  const end = steps.map((step) => {
    const byte = (register ^ step) & 0xff;
    register = ((register >>> 8) ^ TABLE[step]!) >>> 0;
    return byte;
  });
  return Buffer.concat([Buffer.from(text), Buffer.from(end)]);
}
