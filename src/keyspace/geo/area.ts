import { EARTH_RADIUS, degrees, distance, distanceOfLatitudes, radians, roughDistance } from "./earth.ts";
import { type Bounds, type Cell, MAX_STEP, type Position, boundsOf, cellAt, neighbour } from "./geohash.ts";

/** What is searched: a circle, or a rectangle along the meridians and parallels. Lengths in metres. */
export type Area =
  | { readonly shape: "circle"; readonly center: Position; readonly radius: number }
  | { readonly shape: "box"; readonly center: Position; readonly width: number; readonly height: number };

/** Rough distances are right to more than this part. */
const ROUGHLY = 1 + 1e-6;

/** How far a position is from the centre, in metres; null outside of the area. */
export function distanceWithin(area: Area, position: Position): number | null {
  const { center } = area;
  if (area.shape === "circle") {
    // The distance of two antipodes is not a number, and not too large: Redis takes them in.
    if (roughDistance(center, position) > area.radius * ROUGHLY + 1) return null;
    const away = distance(center, position);
    return away > area.radius ? null : away;
  }
  if (distanceOfLatitudes(position.latitude, center.latitude) > area.height / 2) return null;
  const beside = { longitude: center.longitude, latitude: position.latitude };
  if (distance(position, beside) > area.width / 2) return null;
  return distance(center, position);
}

/**
 * The cells of a geohash in which all of the area lies, in the order in which Redis reads them: the one of the centre
 * and those of its eight neighbours that are needed. They are about as large as the area.
 */
export function cellsOver(area: Area): Cell[] {
  const bounds = boundsAround(area);
  let step = stepFor(area);
  let cell = cellAt(area.center, step);
  if (step > 1 && reachesPastNeighbours(cell, bounds)) cell = cellAt(area.center, --step);
  const own = boundsOf(cell);
  // Cells of the first halving are their own neighbours.
  const leaveOut = step >= 2;
  const isNeeded = (east: number, north: number): boolean => {
    if (!leaveOut) return true;
    if (own.south < bounds.south && north < 0) return false;
    if (own.north > bounds.north && north > 0) return false;
    if (own.west < bounds.west && east < 0) return false;
    return !(own.east > bounds.east && east > 0);
  };
  const cells = [cell];
  let last: Cell | null = null;
  for (const [east, north] of NEIGHBOURS) {
    if (!isNeeded(east, north)) continue;
    const next = neighbour(cell, east, north);
    // Round the world two neighbours can be the same.
    if (last !== null && next.x === last.x && next.y === last.y) continue;
    cells.push(next);
    last = next;
  }
  return cells;
}

const NEIGHBOURS = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const;

/** Half of the equator in the projection, in metres. */
const MAX_REACH = 20037726.37;

/** So many halvings that a cell is larger than the area, but not much. */
function stepFor(area: Area): number {
  const { latitude } = area.center;
  let reach =
    area.shape === "circle" ? area.radius : Math.sqrt((area.width / 2) ** 2 + (area.height / 2) ** 2);
  if (reach === 0) return MAX_STEP;
  let step = -1;
  for (; reach < MAX_REACH; reach *= 2) step++;
  // Cells become narrow towards the poles.
  if (Math.abs(latitude) > 66) step--;
  if (Math.abs(latitude) > 80) step--;
  return Math.min(Math.max(step, 1), MAX_STEP);
}

function reachesPastNeighbours(cell: Cell, bounds: Bounds): boolean {
  return (
    boundsOf(neighbour(cell, 0, 1)).north < bounds.north ||
    boundsOf(neighbour(cell, 0, -1)).south > bounds.south ||
    boundsOf(neighbour(cell, 1, 0)).east < bounds.east ||
    boundsOf(neighbour(cell, -1, 0)).west > bounds.west
  );
}

/** The longitudes and latitudes of the area, in degrees; they can go past those of the map. */
function boundsAround(area: Area): Bounds {
  const { longitude, latitude } = area.center;
  const width = area.shape === "circle" ? area.radius : area.width / 2;
  const height = area.shape === "circle" ? area.radius : area.height / 2;
  const upwards = degrees(height / EARTH_RADIUS);
  // The side that is nearer to a pole spans more degrees.
  const outer = latitude < 0 ? latitude - upwards : latitude + upwards;
  const sidewards = degrees(width / EARTH_RADIUS / Math.cos(radians(outer)));
  return {
    west: longitude - sidewards,
    east: longitude + sidewards,
    south: latitude - upwards,
    north: latitude + upwards,
  };
}
