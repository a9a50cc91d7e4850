import { expect, test } from "vitest";
import { useCompat } from "./compat.ts";
import { showDisagreement } from "./pair.ts";

const compat = useCompat();
const SICILY = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";
const NEAR = "12.758489 38.788135 edge1 17.241510 38.788135 edge2";

compat("GEOADD", [
  SICILY,
  SICILY,
  "GEOADD g NX 1 1 Palermo 2 2 New",
  "GEOADD g XX CH 1 1 Palermo 2 2 Other",
  "GEOADD g CH 13.361389 38.115556 Palermo 3 3 More",
  "GEOADD g nx xx 1 1 a",
  "GEOADD g NX CH 1 1",
  "GEOADD g CH CH CH",
  "GEOADD g 1 1 a 2",
  "GEOADD g 1 1",
  "GEOADD g",
  "GEOADD g abc 1 a",
  "GEOADD g 1 abc a",
  "GEOADD g 200 100 a",
  "GEOADD g 200.0078125 0 a",
  "GEOADD g 200.0234375 -85.1 a",
  "GEOADD g 1e22 1 a",
  "GEOADD g 12345678901234567890123 0 a",
  "GEOADD g inf 1 a",
  "GEOADD g -inf 1 a",
  "GEOADD g nan 1 a",
  "GEOADD g 180 85.05112878 corner -180 -85.05112878 other-corner 180 0 e -180 0 w 0 85.05112878 n 0 0 zero",
  "GEOADD g 180 85.0511288 past",
  "ZRANGE g 0 -1 WITHSCORES",
  "GEOPOS g corner other-corner e w n zero none Palermo",
  "GEOHASH g corner other-corner e w n zero none Palermo",
  "GEOADD new XX 1 1 a",
  "EXISTS new",
  "SET s x",
  "GEOADD s 1 1 a",
  "GEOADD s 1 1",
  "GEOADD s 200 1 a",
]);

compat("GEODIST, GEOPOS, GEOHASH", [
  SICILY,
  "GEODIST g Palermo Catania",
  "GEODIST g Palermo Catania m",
  "GEODIST g Palermo Catania KM",
  "GEODIST g Palermo Catania ft",
  "GEODIST g Palermo Catania mi",
  "GEODIST g Palermo Catania parsec",
  "GEODIST g Palermo Catania m x",
  "GEODIST g Palermo Palermo",
  "GEODIST g Palermo none",
  "GEODIST none a b",
  "GEODIST none a b constructor",
  "GEOADD n 0 0 a 0 0.00001 b 0.00001 0 c 0 10 d 180 0 e -90 0 f 90 0 h",
  "GEODIST n a b",
  "GEODIST n a c",
  "GEODIST n a d",
  "GEODIST n a e",
  "GEODIST n f h",
  "GEODIST n f h km",
  "GEOPOS n a b c d e f h",
  "GEOHASH n a b c d e f h",
  "GEOPOS none a b",
  "GEOHASH none a b",
  "GEOPOS none",
  "GEOHASH none",
  "ZADD z 0 zero -1 minus 1.5 half 4503599627370495 last 4503599627370496 over 9007199254740992 more 1e19 large inf inf -inf -inf -9223372036854775808 least 18446744073709551616 past -1e19 low 9223372036854775808 mid",
  "GEOPOS z zero minus half last over more large inf -inf least past low mid",
  "GEOHASH z zero minus half last over more large inf -inf least past low mid",
  "GEODIST z zero last",
  "SET s x",
  "GEODIST s a b",
  "GEODIST s a b parsec",
  "GEOPOS s a",
  "GEOHASH s a",
]);

compat("GEOSEARCH", [
  SICILY,
  `GEOADD g ${NEAR}`,
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km DESC WITHDIST WITHHASH WITHCOORD",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km",
  "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 200 km WITHDIST",
  "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 0 m WITHDIST",
  "GEOSEARCH g FROMMEMBER Palermo BYBOX 0 0 m WITHDIST",
  "GEOSEARCH g FROMMEMBER none BYRADIUS 200 km",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km COUNT 3 DESC",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km COUNT 2 ANY",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km COUNT 2 ANY DESC",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km COUNT 100 ANY",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km ANY",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km COUNT 0",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km COUNT -1",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km COUNT abc",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 km COUNT",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 500 parsec",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS abc km",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS -1 km",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX abc 1 km",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 abc km",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 -1 km",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX -1 1 km",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 1 parsec",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 1 km BYRADIUS 1 km",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km BYBOX 1 1 km",
  "GEOSEARCH g FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 1 km",
  "GEOSEARCH g FROMMEMBER Palermo FROMLONLAT 15 37 BYRADIUS 1 km",
  "GEOSEARCH g FROMMEMBER Palermo FROMMEMBER Catania BYRADIUS 1 km",
  "GEOSEARCH g FROMMEMBER Palermo ASC ASC ASC",
  "GeoSearch g BYRADIUS 200 km ASC ASC ASC",
  "GEOSEARCH g BYRADIUS 200 km STOREDIST ASC",
  "GEOSEARCH g FROMLONLAT 200 37 BYRADIUS 200 km",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km BOGUS",
  "GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km",
  "GEOSEARCH none FROMMEMBER a BYRADIUS 200 km",
  "GEOSEARCH none FROMMEMBER a BYRADIUS abc km",
  "GEOSEARCH none FROMMEMBER a ASC ASC ASC",
  "GEOSEARCH g FROMLONLAT 0 0 BYRADIUS 30000 km ASC",
  "GEOSEARCH g FROMLONLAT 0 0 BYRADIUS inf km ASC",
  "GEOSEARCH g FROMLONLAT 0 0 BYRADIUS 1e308 km ASC",
  "GEOSEARCH g FROMLONLAT 179.9 0 BYBOX 50000 30000 km ASC WITHDIST",
  "SET s x",
  "GEOSEARCH s FROMLONLAT 200 37 BYRADIUS 200 km",
]);

compat("GEOSEARCHSTORE", [
  SICILY,
  `GEOADD g ${NEAR}`,
  "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km",
  "ZRANGE d 0 -1 WITHSCORES",
  "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYBOX 400 400 km STOREDIST COUNT 3",
  "ZRANGE d 0 -1",
  "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST",
  "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km STORE x",
  "GEOSEARCHSTORE g g FROMMEMBER Palermo BYRADIUS 200 km ASC",
  "ZRANGE g 0 -1 WITHSCORES",
  "GEOSEARCHSTORE d none FROMMEMBER Palermo BYRADIUS 200 km ASC",
  "EXISTS d",
  "SET s x",
  "GEOSEARCHSTORE s g FROMLONLAT 100 0 BYRADIUS 1 km",
  "EXISTS s",
  "SET s x",
  "GEOSEARCHSTORE s g FROMMEMBER Palermo BYRADIUS 1 km",
  "TYPE s",
  "OBJECT ENCODING s",
  "GEOSEARCHSTORE d str FROMMEMBER Palermo BYRADIUS 1 km",
  "COMMAND GETKEYS GEOSEARCHSTORE d g FROMMEMBER Palermo BYRADIUS 1 km",
]);

compat("GEORADIUS and its kind", [
  SICILY,
  `GEOADD g ${NEAR}`,
  "GEORADIUS g 15 37 200 km WITHDIST WITHCOORD WITHHASH ASC",
  "GEORADIUS g 15 37 200 km COUNT 1",
  "GEORADIUS g 15 37 500 km COUNT 2 ANY",
  "GEORADIUS g 15 37 200 km STORE d",
  "ZRANGE d 0 -1 WITHSCORES",
  "GEORADIUS g 15 37 200 km STOREDIST d STORE e",
  "ZRANGE e 0 -1 WITHSCORES",
  "GEORADIUS g 15 37 200 km STORE d WITHDIST",
  "GEORADIUS g 15 37 200 km STORE",
  "GEORADIUS g 15 37 -1 km",
  "GEORADIUS g 15 37 abc km",
  "GEORADIUS g 15 37 1 parsec",
  "GEORADIUS g 200 37 abc km",
  "GEORADIUS none 15 37 abc km",
  "GEORADIUS none 15 37 1 km",
  "GEORADIUS none 15 37 1 km STORE d",
  "EXISTS d",
  "GEORADIUS g 15 37 1 km FROMMEMBER a",
  "GEORADIUS_RO g 15 37 200 km ASC",
  "GEORADIUS_RO g 15 37 200 km STORE d",
  "GEORADIUSBYMEMBER g Palermo 200 km WITHDIST DESC",
  "GEORADIUSBYMEMBER g none 200 km",
  "GEORADIUSBYMEMBER none none abc km",
  "GEORADIUSBYMEMBER none none abc km BOGUS",
  "GEORADIUSBYMEMBER g Palermo abc km",
  "GEORADIUSBYMEMBER g Palermo 200 km STOREDIST d",
  "ZRANGE d 0 -1",
  "GEORADIUSBYMEMBER g Palermo 200 km STORE d",
  "ZRANGE d 0 -1 WITHSCORES",
  "GEORADIUSBYMEMBER_RO g Palermo 200 km",
  "GEORADIUSBYMEMBER_RO g Palermo 200 km STORE d",
  "SET s x",
  "GEORADIUS s 200 37 1 km",
  "GEORADIUSBYMEMBER s a 1 km",
  "COMMAND GETKEYSANDFLAGS GEORADIUS g 15 37 200 km STORE d STOREDIST e",
  "COMMAND GETKEYSANDFLAGS GEORADIUSBYMEMBER g m 200 km STORE d",
  "COMMAND GETKEYSANDFLAGS GEORADIUSBYMEMBER g m 200 km",
]);

/** Numbers that look like chance and are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

test.each([2, 3] as const)(
  "many positions, searched from many places, RESP%i",
  async (resp) => {
    const pair = compat.pair(resp);
    await pair.reset();
    const agree = async (...command: (string | number)[]): Promise<void> => {
      const found = await pair.run(command.map(String));
      expect(found === undefined ? "" : showDisagreement(found)).toBe("");
    };
    const next = numbers(7);
    for (let i = 0; i < 1500; i += 50) {
      const add: (string | number)[] = ["GEOADD", "g"];
      for (let k = 0; k < 50; k++) {
        // Some are where others are: equal distances.
        const at = k % 5 === 0 ? [10, 50] : [next() * 360 - 180, next() * 170 - 85];
        add.push(at[0]!, at[1]!, `m${i + k}`);
      }
      await agree(...add);
    }
    await agree("ZRANGE", "g", 0, -1, "WITHSCORES");
    for (let i = 0; i < 150; i++) {
      const from =
        i % 3 === 0 ? ["FROMLONLAT", 10, 50] : ["FROMLONLAT", next() * 360 - 180, next() * 170 - 85];
      const size = 10 ** (1 + next() * 6.5);
      const by = i % 2 === 0 ? ["BYRADIUS", size, "m"] : ["BYBOX", size, size * next() * 2, "ft"];
      const any = i % 7 === 0 ? ["ANY"] : [];
      const count = i % 4 === 0 ? [] : ["COUNT", 1 + Math.floor(next() * 60), ...any];
      const order = [[], ["ASC"], ["DESC"]][i % 3]!;
      await agree("GEOSEARCH", "g", ...from, ...by, ...count, ...order, "WITHDIST", "WITHCOORD", "WITHHASH");
      await agree("GEOSEARCHSTORE", "d", "g", ...from, ...by, ...count, ...order);
      await agree("ZRANGE", "d", 0, -1, "WITHSCORES");
    }
  },
  60_000,
);
