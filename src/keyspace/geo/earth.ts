import { asin, cos, sin } from "../../support/trigonometry.ts";
import type { Position } from "./geohash.ts";

/** In metres: the mean radius that Redis reckons with. */
export const EARTH_RADIUS = 6372797.560856;

const RADIANS_PER_DEGREE = Math.PI / 180;

export function radians(degrees: number): number {
  return degrees * RADIANS_PER_DEGREE;
}

export function degrees(radians: number): number {
  return radians / RADIANS_PER_DEGREE;
}

/** In metres, on a sphere: the haversine formula (https://en.wikipedia.org/wiki/Haversine_formula). */
export function distance(from: Position, to: Position): number {
  const v = sin((radians(to.longitude) - radians(from.longitude)) / 2);
  if (v === 0) return distanceOfLatitudes(from.latitude, to.latitude);
  const latitude = radians(from.latitude);
  const otherLatitude = radians(to.latitude);
  const u = sin((otherLatitude - latitude) / 2);
  const a = u * u + cos(latitude) * cos(otherLatitude) * v * v;
  return 2 * EARTH_RADIUS * asin(Math.sqrt(a));
}

/** Along a meridian. */
export function distanceOfLatitudes(from: number, to: number): number {
  return EARTH_RADIUS * Math.abs(radians(to) - radians(from));
}

/** To about nine digits, in a fraction of the time: enough to pass over what is far away. */
export function roughDistance(from: Position, to: Position): number {
  const v = Math.sin((radians(to.longitude) - radians(from.longitude)) / 2);
  const u = Math.sin((radians(to.latitude) - radians(from.latitude)) / 2);
  const a = u * u + Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * v * v;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(a)));
}
