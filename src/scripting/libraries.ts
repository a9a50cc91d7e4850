import { bitLibrary } from "./libraries/bit.ts";
import { cjsonLibrary } from "./libraries/cjson.ts";
import { cmsgpackLibrary } from "./libraries/cmsgpack.ts";
import { structLibrary } from "./libraries/struct.ts";
import type { NativeLibrary } from "./native.ts";

/** What scripts have besides Lua's own libraries; none makes a string longer than `maxResultBytes`. */
export function librariesFor(maxResultBytes: number): readonly NativeLibrary[] {
  return [
    cjsonLibrary(maxResultBytes),
    cmsgpackLibrary(maxResultBytes),
    structLibrary(maxResultBytes),
    bitLibrary,
  ];
}
