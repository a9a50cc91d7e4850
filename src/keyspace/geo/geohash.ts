/**
 * Geohashes as Redis has them: longitude and latitude are cut into halves 26 times, and the bits of both are taken in
 * turn, which makes a number of 52 bits, the score of a member. What is near on the earth is mostly near in that order.
 * The latitudes are those of the Web Mercator projection (EPSG:3857), which ends before the poles.
 */
const MAX_LATITUDE = 85.05112878;
const MIN_LATITUDE = -85.05112878;
const MAX_LONGITUDE = 180;
const MIN_LONGITUDE = -180;

/** Halvings of a score. */
export const MAX_STEP = 26;

/** In degrees. */
export interface Position {
  readonly longitude: number;
  readonly latitude: number;
}

/** One rectangle of those that `step` halvings of both axes make; counted from the south west. */
export interface Cell {
  readonly step: number;
  readonly x: number;
  readonly y: number;
}

/** In degrees. */
export interface Bounds {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

const LATITUDES = MAX_LATITUDE - MIN_LATITUDE;
const LONGITUDES = MAX_LONGITUDE - MIN_LONGITUDE;

/** Whether a geohash can tell of it. */
export function isOnMap({ longitude, latitude }: Position): boolean {
  return (
    longitude >= MIN_LONGITUDE &&
    longitude <= MAX_LONGITUDE &&
    latitude >= MIN_LATITUDE &&
    latitude <= MAX_LATITUDE
  );
}

export function cellAt({ longitude, latitude }: Position, step: number): Cell {
  const cells = 2 ** step;
  return {
    step,
    x: Math.floor(((longitude - MIN_LONGITUDE) / LONGITUDES) * cells),
    y: Math.floor(((latitude - MIN_LATITUDE) / LATITUDES) * cells),
  };
}

export function boundsOf({ step, x, y }: Cell): Bounds {
  const cells = 2 ** step;
  return {
    west: MIN_LONGITUDE + (x / cells) * LONGITUDES,
    east: MIN_LONGITUDE + ((x + 1) / cells) * LONGITUDES,
    south: MIN_LATITUDE + (y / cells) * LATITUDES,
    north: MIN_LATITUDE + ((y + 1) / cells) * LATITUDES,
  };
}

/** So many cells further; round the world in both directions, as Redis does. */
export function neighbour({ step, x, y }: Cell, east: number, north: number): Cell {
  const cells = 2 ** step;
  return { step, x: (x + east + cells) % cells, y: (y + north + cells) % cells };
}

/** The scores in a cell: from the first up to, not including, the second. */
export function scoresIn(cell: Cell): readonly [from: number, to: number] {
  const hash = interleave(cell.y, cell.x);
  const size = 2 ** (2 * (MAX_STEP - cell.step));
  return [hash * size, (hash + 1) * size];
}

/** { longitude: 13.361389, latitude: 38.115556 } ⇒ 3479099956230698 */
export function scoreOf(position: Position): number {
  const { x, y } = cellAt(position, MAX_STEP);
  return interleave(y, x);
}

/** The middle of the cell that a score means. Any double has one: Redis looks at its lowest 64 bits as a whole number. */
export function positionOf(score: number): Position {
  const [high, low] = halvesOf(score);
  const y = (gather(high) * 0x1_0000 + gather(low)) >>> 0;
  const x = (gather(high >>> 1) * 0x1_0000 + gather(low >>> 1)) >>> 0;
  const cells = 2 ** MAX_STEP;
  const west = MIN_LONGITUDE + (x / cells) * LONGITUDES;
  const east = MIN_LONGITUDE + (((x + 1) >>> 0) / cells) * LONGITUDES;
  const south = MIN_LATITUDE + (y / cells) * LATITUDES;
  const north = MIN_LATITUDE + (((y + 1) >>> 0) / cells) * LATITUDES;
  return {
    longitude: between(MIN_LONGITUDE, (west + east) / 2, MAX_LONGITUDE),
    latitude: between(MIN_LATITUDE, (south + north) / 2, MAX_LATITUDE),
  };
}

function between(least: number, value: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
/** The standard has 11 letters of 5 bits; there are 52, so the last letter is always the first of the alphabet. */
const LETTERS = 10;

/**
 * The standard geohash (https://en.wikipedia.org/wiki/Geohash), whose latitudes go to the poles:
 * { longitude: 13.361389, latitude: 38.115556 } ⇒ `sqc8b49rny0`
 */
export function standardGeohash({ longitude, latitude }: Position): string {
  const cells = 2 ** MAX_STEP;
  const x = Math.floor(((longitude + 180) / 360) * cells);
  const y = Math.floor(((latitude + 90) / 180) * cells);
  const hash = interleave(y, x);
  let text = "";
  for (let letter = 1; letter <= LETTERS; letter++) {
    text += ALPHABET[Math.floor(hash / 2 ** (52 - 5 * letter)) % 32];
  }
  return text + ALPHABET[0];
}

// ─── bits ────────────────────────────────────────────────────────────────────────────────────────

/** The bits of `even` at the even places, from the lowest on, those of `odd` between them. Both below 2^32. */
function interleave(even: number, odd: number): number {
  const low = spread(even & 0xffff) | (spread(odd & 0xffff) << 1);
  const high = spread(even >>> 16) | (spread(odd >>> 16) << 1);
  return (high >>> 0) * 0x1_0000_0000 + (low >>> 0);
}

/** 16 bits to the even places of 32 (https://graphics.stanford.edu/~seander/bithacks.html#InterleaveBMN). */
function spread(bits: number): number {
  let spread = (bits | (bits << 8)) & 0x00ff_00ff;
  spread = (spread | (spread << 4)) & 0x0f0f_0f0f;
  spread = (spread | (spread << 2)) & 0x3333_3333;
  return (spread | (spread << 1)) & 0x5555_5555;
}

/** The other way: what is at the even places of 32 bits. */
function gather(bits: number): number {
  let gathered = bits & 0x5555_5555;
  gathered = (gathered | (gathered >>> 1)) & 0x3333_3333;
  gathered = (gathered | (gathered >>> 2)) & 0x0f0f_0f0f;
  gathered = (gathered | (gathered >>> 4)) & 0x00ff_00ff;
  return (gathered | (gathered >>> 8)) & 0xffff;
}

/** A score as C makes a whole number of 64 bits without sign from it, on x86. */
function halvesOf(score: number): readonly [high: number, low: number] {
  if (score >= 0 && score <= Number.MAX_SAFE_INTEGER) {
    const whole = Math.floor(score);
    return [Math.floor(whole / 0x1_0000_0000), whole >>> 0];
  }
  if (score >= 2 ** 64) return [0, 0];
  if (score <= -(2 ** 63)) return [0x8000_0000, 0];
  const whole = BigInt.asUintN(64, BigInt(Math.trunc(score)));
  return [Number(whole >> 32n), Number(whole & 0xffff_ffffn)];
}
