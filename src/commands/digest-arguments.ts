import { CommandError, SYNTAX } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from "../support/digest.ts";
import type { Int64 } from "../support/integers.ts";
import { int64Argument, optionWord } from "./arguments.ts";

/** What STRDIGEST and HDIGEST have behind the value that they are about. */
export interface DigestArguments {
  readonly algorithm: DigestAlgorithm;
  /** As in GETRANGE. */
  readonly start: Int64;
  readonly end: Int64;
}

/** @throws UNKNOWN_ALGORITHM, NOT_AN_INTEGER, SYNTAX when there is a start without an end */
export function digestArguments(args: readonly Bytes[], from: number): DigestArguments {
  const word = optionWord(args[from]!);
  const algorithm = DIGEST_ALGORITHMS.find((name) => name === word);
  if (algorithm === undefined) throw UNKNOWN_ALGORITHM;
  const behind = args.length - from - 1;
  if (behind === 0) return { algorithm, start: 0, end: -1 };
  if (behind !== 2) throw SYNTAX;
  return { algorithm, start: int64Argument(args[from + 1]!), end: int64Argument(args[from + 2]!) };
}

const UNKNOWN_ALGORITHM = new CommandError(
  `ERR unknown digest algorithm, try one of ${DIGEST_ALGORITHMS.join(", ")}`,
);

/** The arguments in the syntax of rows. */
export const DIGEST_SYNTAX = `algorithm:(${DIGEST_ALGORITHMS.join(" | ")}) range:[start:integer end:integer]`;
