import type { Position } from "../../keyspace/geo/geohash.ts";
import { Double, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { formatLongDouble } from "../../support/long-double.ts";

/** A distance in units: four decimals, halves to even. */
export function distanceReply(units: number): Bytes {
  // What C makes of a number that is none: the least of 64 bits.
  if (Number.isNaN(units)) return "-922337203685477.5808";
  const scaled = roundToEven(units * 10_000);
  return `${Math.floor(scaled / 10_000)}.${String(scaled % 10_000).padStart(4, "0")}`;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

export function positionReply({ longitude, latitude }: Position): Reply {
  return [coordinate(longitude), coordinate(latitude)];
}

/** Redis shows coordinates with 17 decimals. */
function coordinate(degrees: number): Double {
  return new Double(degrees, seventeenDecimals(degrees));
}

function seventeenDecimals(value: number): Bytes {
  if (Number.isInteger(value)) return String(value);
  // 18 binary places make 18 decimals: halves, which C rounds to even.
  if (Number.isInteger(value * 2 ** 18)) {
    return formatLongDouble({ mantissa: BigInt(value * 2 ** 18), exponent: -18 });
  }
  const text = value.toFixed(17).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}
