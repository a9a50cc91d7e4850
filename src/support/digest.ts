import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Bytes } from "./bytes.ts";

/** By the names that STRDIGEST takes; what node:crypto calls them, null for what it does not have. */
const CRYPTO_NAMES = {
  CRC32: null,
  MD5: "md5",
  SHA1: "sha1",
  SHA224: "sha224",
  SHA256: "sha256",
  SHA384: "sha384",
  SHA512: "sha512",
} as const;

export type DigestAlgorithm = keyof typeof CRYPTO_NAMES;

export const DIGEST_ALGORITHMS = Object.keys(CRYPTO_NAMES) as DigestAlgorithm[];

export interface Digest {
  update(bytes: Bytes): void;
  /** In hexadecimal, lower case: as many digits as the algorithm has. */
  finish(): string;
}

export function startDigest(algorithm: DigestAlgorithm): Digest {
  const name = CRYPTO_NAMES[algorithm];
  if (name === null) return new Crc32();
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes, "latin1"), finish: () => hash.digest("hex") };
}

/** `digestOf("CRC32", "123456789")` ⇒ `cbf43926` */
export function digestOf(algorithm: DigestAlgorithm, bytes: Bytes): string {
  const digest = startDigest(algorithm);
  digest.update(bytes);
  return digest.finish();
}

class Crc32 implements Digest {
  #crc = 0;

  update(bytes: Bytes): void {
    this.#crc = crc32(Buffer.from(bytes, "latin1"), this.#crc);
  }

  finish(): string {
    return this.#crc.toString(16).padStart(8, "0");
  }
}
