import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** One stanza of the package index: its fields by name, lines of continuation joined. */
export type Package = ReadonlyMap<string, string>;

/** All packages that apt knows of, from `apt-cache dumpavail`; of several versions the last one counts. */
export async function readPackages(): Promise<Package[]> {
  const apt = spawn("apt-cache", ["dumpavail"], { stdio: ["ignore", "pipe", "inherit"] });
  const failure = new Promise<never>((_, reject) => apt.once("error", reject));
  const packages = new Map<string, Package>();
  let stanza = new Map<string, string>();
  let field = "";
  const end = (): void => {
    const name = stanza.get("Package");
    if (name !== undefined) packages.set(name, stanza);
    stanza = new Map();
  };
  const read = async (): Promise<void> => {
    for await (const line of createInterface({ input: apt.stdout })) {
      if (line === "") end();
      else if (line.startsWith(" ")) stanza.set(field, `${stanza.get(field) ?? ""}\n${line.slice(1)}`);
      else {
        const colon = line.indexOf(":");
        field = line.slice(0, colon);
        stanza.set(field, line.slice(colon + 1).trim());
      }
    }
  };
  await Promise.race([read(), failure]);
  end();
  return [...packages.values()];
}

/** The names in a Depends field: `libc6 (>= 2.14), a | b` ⇒ libc6, a, b. */
export function dependencies(entry: Package): Set<string> {
  const names = new Set<string>();
  for (const field of ["Depends", "Pre-Depends"]) {
    for (const alternative of (entry.get(field) ?? "").split(/[,|]/)) {
      const name = /^\s*([a-z0-9][a-z0-9+.-]+)/.exec(alternative)?.[1];
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}
