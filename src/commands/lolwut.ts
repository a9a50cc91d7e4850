import { type Reply, Verbatim } from "../resp/reply.ts";
import { type Bytes, bytesOfText } from "../support/bytes.ts";
import { REDIS_VERSION } from "../support/version.ts";
import { integerArgument } from "./arguments.ts";
import type { Context } from "./command.ts";
import { skyline } from "./skyline.ts";

const SIGNATURE = `Redis ver. ${REDIS_VERSION}\n`;

/** The picture of LOLWUT VERSION 5 and 6; the other versions of Redis say only who they are. */
const WITH_PICTURE = [5, 6];

/** LOLWUT [VERSION version [columns] [rows]]. */
export function lolwut(context: Context, args: readonly Bytes[]): Reply {
  const [, word, version] = args;
  const isVersioned = version !== undefined && word!.toUpperCase() === "VERSION";
  if (!isVersioned || !WITH_PICTURE.includes(integerArgument(version))) return new Verbatim("txt", SIGNATURE);
  const columns = args[3] === undefined ? 66 : within(integerArgument(args[3]), 1, 1000);
  const rows = args[4] === undefined ? 8 : within(integerArgument(args[4]), 1, 200);
  const picture = skyline(columns, rows, context.random).join("\n");
  return new Verbatim("txt", bytesOfText(`${picture}\n\nA night over levels and runs. ${SIGNATURE}`));
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
