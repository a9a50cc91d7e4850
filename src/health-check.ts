import { connect } from "node:net";
import { applyEnvironment } from "./config/environment.ts";
import { Draft } from "./config/draft.ts";

/**
 * Ends with 0 when a server on this machine answers PING, else with 1. For Docker's HEALTHCHECK: it finds the port
 * in the same environment as the server. A server that wants a password is healthy too.
 */
const TIMEOUT_MS = 2000;

const draft = new Draft();
applyEnvironment(draft, process.env);
const { port, bind } = draft.finish();

const socket = connect({ port, host: hostToAsk(bind[0]) }, () => socket.write("PING\r\n"));
socket.setTimeout(TIMEOUT_MS, () => process.exit(1));
socket.once("data", (reply) => process.exit(/^(?:\+PONG|-NOAUTH)/.test(reply.toString("latin1")) ? 0 : 1));
socket.once("error", () => process.exit(1));
socket.once("close", () => process.exit(1));

/** An address that the server listens on: the loopback one where it listens on all. */
function hostToAsk(address: string | undefined): string {
  const host = address?.replace(/^-/, "") ?? "*";
  if (host === "*" || host === "0.0.0.0") return "127.0.0.1";
  return host === "::" || host === "::*" ? "::1" : host;
}
