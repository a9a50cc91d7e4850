import { setFlagsFromString } from "node:v8";

const FLAGS = {
  /** Bytecode of the largest function that may be put in place of a call of it, and of all of them in one function. V8: 460, 920. */
  "max-inlined-bytecode-size": 2000,
  "max-inlined-bytecode-size-cumulative": 5000,
  /** How many classes an access to a property may meet and still be compiled for each of them. There are six types of values. V8: 4. */
  "max-valid-polymorphic-map-count": 8,
};

/**
 * V8's compiler puts few functions in place of their calls, so that compiling and the code stay small. A server runs the same way
 * all its life, and that way goes through many small functions: there each call costs something. To be called before anything has
 * run often, which is when V8 compiles it.
 */
export function compileForServer(): void {
  for (const [flag, limit] of Object.entries(FLAGS)) setFlagsFromString(`--${flag}=${limit}`);
}
