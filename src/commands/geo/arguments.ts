import { CommandError } from "../../errors.ts";
import { type Position, isOnMap } from "../../keyspace/geo/geohash.ts";
import { shiftRightToEven } from "../../support/binary-float.ts";
import type { Bytes } from "../../support/bytes.ts";
import { doubleArgument } from "../arguments.ts";

/** Longitude and latitude at `at`, in degrees. @throws NOT_A_FLOAT, or that they are not on the map */
export function positionArgument(args: readonly Bytes[], at: number): Position {
  const longitude = doubleArgument(args[at]!);
  const latitude = doubleArgument(args[at + 1]!);
  const position = { longitude, latitude };
  if (!isOnMap(position)) {
    throw new CommandError(
      `ERR invalid longitude,latitude pair ${sixDecimals(longitude)},${sixDecimals(latitude)}`,
    );
  }
  return position;
}

/** printf's `%f`. */
function sixDecimals(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  // Seven binary places make seven decimals: halves, which C rounds to even.
  const scaled = value * 128;
  if (!Number.isInteger(scaled)) return value.toFixed(6);
  const digits = shiftRightToEven(BigInt(Math.abs(scaled)) * 1_000_000n, 7)
    .toString()
    .padStart(7, "0");
  return `${value < 0 ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

const METRES: Readonly<Record<string, number>> = { m: 1, km: 1000, ft: 0.3048, mi: 1609.34 };

/** The metres of a unit of length. */
export function unitArgument(text: Bytes): number {
  const name = text.toLowerCase();
  if (!Object.hasOwn(METRES, name)) throw NO_SUCH_UNIT;
  return METRES[name]!;
}

const NO_SUCH_UNIT = new CommandError("ERR unsupported unit provided. please use M, KM, FT, MI");

/** What a search looks at, in metres, and the metres of the unit that it was given in. */
export type Reach =
  | { readonly shape: "circle"; readonly radius: number; readonly metresPerUnit: number }
  | {
      readonly shape: "box";
      readonly width: number;
      readonly height: number;
      readonly metresPerUnit: number;
    };

/** A radius and its unit at `at`. */
export function radiusArgument(args: readonly Bytes[], at: number): Reach {
  const radius = doubleArgument(args[at]!, NO_RADIUS);
  if (radius < 0) throw NEGATIVE_RADIUS;
  const metresPerUnit = unitArgument(args[at + 1]!);
  return { shape: "circle", radius: radius * metresPerUnit, metresPerUnit };
}

/** Width, height and unit at `at`. */
export function boxArgument(args: readonly Bytes[], at: number): Reach {
  const width = doubleArgument(args[at]!, NO_WIDTH);
  const height = doubleArgument(args[at + 1]!, NO_HEIGHT);
  if (width < 0 || height < 0) throw NEGATIVE_BOX;
  const metresPerUnit = unitArgument(args[at + 2]!);
  return { shape: "box", width: width * metresPerUnit, height: height * metresPerUnit, metresPerUnit };
}

const NO_RADIUS = new CommandError("ERR need numeric radius");
const NEGATIVE_RADIUS = new CommandError("ERR radius cannot be negative");
const NO_WIDTH = new CommandError("ERR need numeric width");
const NO_HEIGHT = new CommandError("ERR need numeric height");
const NEGATIVE_BOX = new CommandError("ERR height or width cannot be negative");
