import { expect, test } from "vitest";
import { parseServerUrl } from "../../src/config/server-url.ts";

test.each([
  ["redis://localhost", { host: "localhost", port: 6379, user: "", password: "", database: null }],
  ["redis://10.0.0.1:7000/", { host: "10.0.0.1", port: 7000, user: "", password: "", database: null }],
  ["redis://:secret@h/3", { host: "h", port: 6379, user: "", password: "secret", database: 3 }],
  ["redis://u:p%40ss%C3%A9@h:1/0", { host: "h", port: 1, user: "u", password: "p@ss\xc3\xa9", database: 0 }],
  ["redis://[::1]:6380", { host: "::1", port: 6380, user: "", password: "", database: null }],
])("%s", (text, url) => {
  expect(parseServerUrl(text)).toEqual(url);
});

test.each([
  "",
  "localhost:6379",
  "http://h",
  "rediss://h",
  "redis://",
  "redis://h:70000",
  "redis://h/1/2",
  "redis://h/x",
  "redis://h?x=1",
  "redis://:%zz@h",
])("%s is none", (text) => {
  expect(() => parseServerUrl(text)).toThrow(/must be|percent-encoded/);
});
