import { bytesOfText } from "../support/bytes.ts";
import type { Draft } from "./draft.ts";
import { StartError, UnsupportedError, ValueError } from "./option.ts";
import { findOption } from "./options.ts";

const PREFIX = "LEVELDIS_";

/**
 * What Kubernetes and Docker links put into the environment of containers next to a service that is called
 * "leveldis": `LEVELDIS_SERVICE_HOST`, `LEVELDIS_PORT_6377_TCP`, `LEVELDIS_PORT=tcp://10.0.0.1:6377`.
 */
const SERVICE_LINK = /^LEVELDIS_(?:SERVICE_(?:HOST|PORT)|PORT_[0-9]+_)/;
const SERVICE_URL = /^(?:tcp|udp):\/\//;

/**
 * Options from environment variables: `LEVELDIS_GC_INTERVAL` is `gc-interval`. A variable that is set to the
 * empty string counts as absent, as docker-compose files expect. Throws a `StartError`.
 */
export function applyEnvironment(
  draft: Draft,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || value === undefined || value === "") continue;
    if (SERVICE_LINK.test(variable) || (variable === "LEVELDIS_PORT" && SERVICE_URL.test(value))) continue;
    const name = optionName(variable);
    try {
      if (!draft.apply(name, [bytesOfText(value)])) throw new ValueError("there is no such option");
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const fatal = new StartError(`leveldis: environment variable ${variable}: ${error.message}`, {
        cause: error,
      });
      if (!(error instanceof UnsupportedError)) throw fatal;
      draft.postpone(name, fatal);
    }
  }
}

/** Some directives of Redis are spelled with underscores. */
function optionName(variable: string): string {
  const name = variable.slice(PREFIX.length).toLowerCase();
  return findOption(name) === undefined ? name.replaceAll("_", "-") : name;
}
