import type { Library } from "../../keyspace/libraries.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";
import type { Scripting } from "./scripting.ts";

/** What a change of the libraries needs of a command's context. */
export interface LibrariesContext {
  readonly keyspace: Context["keyspace"];
  readonly server: { readonly scripting: Scripting };
  readonly afterwards: Context["afterwards"];
}

/** The libraries are these from now on. The engine lets go of those that went when that is final, of new ones if it never is. */
export function changeLibraries(context: LibrariesContext, next: ReadonlyMap<Bytes, Library>): void {
  const { keyspace, server } = context;
  const { libraries, reading } = keyspace;
  const { functionEngine } = server.scripting;
  const before = libraries.all;
  const gone = missing(before, next);
  const added = missing(next, before);
  libraries.replace(next);
  reading.attempt.undo?.add(() => {
    for (const library of added) functionEngine.unload(library);
  });
  if (gone.length === 0) return;
  context.afterwards(() => {
    for (const library of gone) functionEngine.unload(library);
  });
}

/** Those of `from` that are not in `of`. */
function missing(from: ReadonlyMap<Bytes, Library>, of: ReadonlyMap<Bytes, Library>): Library[] {
  return [...from.values()].filter((library) => of.get(library.name) !== library);
}

/** Whether one of the libraries has a function of this name, in any letter case. */
export function functionNamed(libraries: Iterable<Library>, name: Bytes): boolean {
  const wanted = name.toLowerCase();
  for (const { functions } of libraries) {
    if (functions.some((entry) => entry.name.toLowerCase() === wanted)) return true;
  }
  return false;
}
