import { describe, expect, test } from "vitest";
import type { Argument, Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  await client.send("GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania");
  return client;
}

describe("positions", () => {
  test("are scores, and come back within half a metre", async () => {
    await using client = await connect();
    expect(await client.send("ZSCORE", "g", "Palermo")).toBe("3479099956230698");
    expect(await client.send("GEOPOS", "g", "Palermo", "none")).toEqual([
      ["13.36138933897018433", "38.11555639549629859"],
      null,
    ]);
    expect(await client.send("GEOHASH", "g", "Palermo", "none")).toEqual(["sqc8b49rny0", null]);
  });

  test("are as far from each other as on a sphere", async () => {
    await using client = await connect();
    expect(await client.send("GEODIST", "g", "Palermo", "Catania")).toBe("166274.1516");
    expect(await client.send("GEODIST", "g", "Palermo", "Catania", "KM")).toBe("166.2742");
    expect(await client.send("GEODIST", "g", "Palermo", "none")).toBe(null);
  });

  test("beyond the map are refused, and then none is added", async () => {
    await using client = await connect();
    expect(await client.send("GEOADD", "new", 1, 1, "a", 1, 86, "b")).toEqual(
      error("ERR invalid longitude,latitude pair 1.000000,86.000000"),
    );
    expect(await client.send("EXISTS", "new")).toBe(0);
  });
});

describe("searches", () => {
  test("around a position or a member, in a circle or a box, nearest first", async () => {
    await using client = await connect();
    const search = (...args: Argument[]) => client.send("GEOSEARCH", "g", ...args);
    expect(await search("FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "ASC", "WITHDIST")).toEqual([
      ["Catania", "56.4413"],
      ["Palermo", "190.4424"],
    ]);
    expect(await search("FROMMEMBER", "Palermo", "BYRADIUS", 1, "m")).toEqual(["Palermo"]);
    expect(await search("FROMLONLAT", 15, 37, "BYBOX", 200, 200, "km")).toEqual(["Catania"]);
    expect(await search("FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "COUNT", 1)).toEqual(["Catania"]);
    expect(await search("FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "COUNT", 1, "DESC")).toEqual([
      "Palermo",
    ]);
    expect(await search("FROMMEMBER", "none", "BYRADIUS", 1, "m")).toEqual(
      error("ERR could not decode requested zset member"),
    );
  });

  test("are stored with positions or distances, or take the key away", async () => {
    await using client = await connect();
    const store = (...args: Argument[]) => client.send("GEOSEARCHSTORE", "d", "g", ...args);
    expect(await store("FROMLONLAT", 15, 37, "BYRADIUS", 200, "km")).toBe(2);
    expect(await client.send("GEOPOS", "d", "Palermo")).toEqual(await client.send("GEOPOS", "g", "Palermo"));
    expect(await store("FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "STOREDIST")).toBe(2);
    expect(Number(await client.send("ZSCORE", "d", "Catania"))).toBeCloseTo(56.4412578701582, 9);
    expect(await store("FROMLONLAT", 0, 0, "BYRADIUS", 1, "km")).toBe(0);
    expect(await client.send("EXISTS", "d")).toBe(0);
  });

  test("find the same in a large index as one that looks at each member", async () => {
    await using client = await connect();
    const members = Array.from({ length: 3000 }, (_, i) => ({
      name: `m${i}`,
      longitude: ((i * 37) % 3600) / 10 - 180,
      latitude: ((i * 101) % 1600) / 10 - 80,
    }));
    await client.send("GEOADD", "big", ...members.flatMap((m) => [m.longitude, m.latitude, m.name]));
    for (const [longitude, latitude] of [
      [0, 0],
      [179.9, 10],
      [-120, 75],
      [100, -79],
    ] as const) {
      await client.send("GEOADD", "big", longitude, latitude, "here");
      const found = (await client.send(
        ...["GEOSEARCH", "big", "FROMMEMBER", "here", "BYRADIUS", "700", "km"],
      )) as string[];
      const expected: string[] = [];
      for (const { name } of [...members, { name: "here" }]) {
        const away = Number(await client.send("GEODIST", "big", "here", name, "km"));
        if (away <= 700) expected.push(name);
      }
      expect(found.toSorted()).toEqual(expected.toSorted());
    }
  });

  test("with ANY end as soon as enough is found", async () => {
    await using client = await connect();
    const pairs = Array.from({ length: 1000 }, (_, i) => [1 + i / 1e5, 1, `m${i}`]).flat();
    await client.send("GEOADD", "near", ...pairs);
    const search = ["GEOSEARCH", "near", "FROMLONLAT", 1, 1, "BYRADIUS", 100, "km"];
    expect(await client.send(...search, "COUNT", 300, "ANY")).toHaveLength(300);
    expect(await client.send(...search, "COUNT", 5000, "ANY")).toHaveLength(1000);
  });
});
