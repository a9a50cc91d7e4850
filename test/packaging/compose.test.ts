import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { TestServer } from "../support/server.ts";

/** docker-compose.yml, as far as it can be tried without Docker: Debian's docker-compose reads it. */

const compose = (...args: string[]): string =>
  execFileSync("docker-compose", args, { stdio: "pipe", env: { PATH: process.env["PATH"] } }).toString();

const profiles = ["secondary", "sharded"];
const all = compose(...profiles.flatMap((name) => ["--profile", name]), "config");

/** The lines of a service that `docker-compose config` printed. */
function serviceOf(name: string): string {
  const found = new RegExp(`^  ${name}:\n((?:    .*\n)+)`, "m").exec(all);
  expect(found, name).not.toBeNull();
  return found![1]!;
}

const profileOf = (name: string): string | undefined =>
  /^ {4}profiles:\n {4}- (.*)$/m.exec(serviceOf(name))?.[1];

test("every profile has its services, and none is in all of them but the server itself", () => {
  expect(profileOf("leveldis")).toBeUndefined();
  expect(["secondary", "scheduled-save"].map(profileOf)).toEqual(["secondary", "secondary"]);
  const sharded = ["leveldis-1", "leveldis-2", "leveldis-3", "nutcracker"];
  expect(new Set(sharded.map(profileOf))).toEqual(new Set(["sharded"]));
  const services = [...all.slice(0, all.indexOf("\nvolumes:")).matchAll(/^  ([^ ].*):$/gm)].map(
    ([, name]) => name!,
  );
  expect(services.toSorted()).toEqual(["leveldis", "secondary", "scheduled-save", ...sharded].toSorted());
});

test("no two servers share a folder of data", () => {
  const servers = ["leveldis", "secondary", "leveldis-1", "leveldis-2", "leveldis-3"];
  const folders = servers.map((name) => /- (.*):\/data:rw/.exec(serviceOf(name))?.[1]);
  expect(folders).not.toContain(undefined);
  expect(new Set(folders).size).toBe(servers.length);
});

test("the files that it mounts and builds from are there", () => {
  const files = [...all.matchAll(/^ +- (\/.*?):\/.*:ro$/gm)].map(([, path]) => path!);
  const builds = [...all.matchAll(/^ +context: (.*)$/gm)].map(([, path]) => path!);
  expect(files.length).toBe(2);
  const dockerfile = /dockerfile: (.*)/.exec(serviceOf("nutcracker"))![1]!;
  for (const path of [...files, ...builds, resolve("deploy", dockerfile)])
    expect(existsSync(path), path).toBe(true);
});

test("the proxy's servers are the profile's, on the image's port", () => {
  const port = /^EXPOSE (\d+)$/m.exec(readFileSync("Dockerfile", "utf8"))![1]!;
  const proxy = readFileSync("deploy/nutcracker.yml", "utf8");
  const servers = [...proxy.matchAll(/^ +- (\S+):(\d+):1 (\S+)$/gm)].map(([, ...words]) => words);
  expect(servers.length).toBe(3);
  for (const [host, at, name] of servers) {
    expect([name, at]).toEqual([host, port]);
    expect(profileOf(host!)).toBe("sharded");
  }
  const listens = /listen: 0\.0\.0\.0:(\d+)/.exec(proxy)![1]!;
  expect(serviceOf("nutcracker")).toContain(`127.0.0.1:${listens}:${listens}`);
  expect(() =>
    execFileSync("nutcracker", ["-t", "-c", "deploy/nutcracker.yml"], { stdio: "pipe" }),
  ).not.toThrow();
});

test.each(["leveldis", "secondary", "leveldis-1"])(
  "%s: its environment and its command start a server",
  async (name) => {
    const service = serviceOf(name);
    const env = Object.fromEntries(
      [...service.matchAll(/^ +(LEVELDIS_[A-Z_]+): '?(.*?)'?$/gm)].map(([, name, value]) => [name!, value!]),
    );
    expect(Object.keys(env).length).toBeGreaterThan(2);
    const command = /^ {4}command:\n((?: {4}- .*\n)+)/m.exec(service)?.[1] ?? "";
    const args = [...command.matchAll(/- '?(.*?)'?$/gm)].map(([, word]) => word!);
    expect(args.length).toBe(name === "secondary" ? 3 : 0);
    await using server = new TestServer({ kind: "leveldis", env, args });
    await server.start();
    await using client = await server.connect();
    expect(await client.send("PING")).toBe("PONG");
    expect(await client.send("CONFIG", "GET", "record-cache-size")).toEqual([
      "record-cache-size",
      String(256 * 1024 ** 2),
    ]);
  },
  90_000,
);
