import type { Bytes } from "../../support/bytes.ts";
import { RdbModulePart, RdbType } from "../opcodes.ts";
import { RdbError } from "../rdb-error.ts";
import { type ByteSource, type Decoding, whenThere } from "./source.ts";
import { readString, readUnsigned } from "./strings.ts";

/** Data of a module, which only that module understands. */
export class RdbModuleError extends RdbError {
  readonly module: string;

  constructor(offset: number, module: string, reason: string) {
    super(offset, reason);
    this.module = module;
  }
}

/** Always fails, and names the module. */
export function* decodeModule(source: ByteSource, type: number): Decoding {
  const { offset } = source;
  const module = yield* whenThere(source, () => readModuleName(source));
  const reason =
    type === RdbType.module
      ? `data of the module type ${module}, in a form that cannot be skipped`
      : `data of the module type ${module}`;
  throw new RdbModuleError(offset, module, reason);
}

/** Nine letters of six bits; the ten lowest bits are a version. */
export function readModuleName(source: ByteSource): string {
  const id = readUnsigned(source);
  let name = "";
  for (let shift = 58n; shift >= 10n; shift -= 6n) name += LETTERS[Number((id >> shift) & 63n)]!;
  return name;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Reads over the parts of a module's value, up to and with their end. */
export function* skipModuleParts(source: ByteSource): Decoding {
  while (yield* whenThere(source, () => skipPart(source)));
}

function skipPart(source: ByteSource): boolean {
  const { offset } = source;
  const part = readUnsigned(source);
  switch (Number(part)) {
    case RdbModulePart.end:
      return false;
    case RdbModulePart.signed:
    case RdbModulePart.unsigned:
      readUnsigned(source);
      break;
    case RdbModulePart.float:
      source.view(4);
      break;
    case RdbModulePart.double:
      source.view(8);
      break;
    case RdbModulePart.string:
      readString(source) satisfies Bytes;
      break;
    default:
      source.fail(`unknown part of a module's data: ${part}`, offset);
  }
  return true;
}
