import { afterAll, afterEach, beforeAll } from "vitest";
import { type ServerOptions, TestServer } from "./server.ts";

/**
 * A server for the tests of a `describe` block (or of a file), from before the first to after the last; of a
 * test that fails it shows what the server logged meanwhile.
 */
export function useServer(options: ServerOptions = {}): TestServer {
  const server = new TestServer(options);
  let shown = 0;
  beforeAll(() => server.start(), 60_000);
  afterEach((context) => {
    const logged = server.log.slice(shown);
    shown = server.log.length;
    if (context.task.result?.state === "fail" && logged !== "") {
      console.error(`--- log of ${server.kind} during "${context.task.name}" ---\n${logged}`);
    }
  });
  afterAll(() => server.close(), 60_000);
  return server;
}
