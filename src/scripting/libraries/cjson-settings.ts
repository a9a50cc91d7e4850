import { BOOLEAN, type LuaStack, type NativeFunction } from "../native.ts";
import { checkCString, toInt } from "./conversions.ts";

/**
 * What scripts can set about `cjson`. As in Redis it stays set for all scripts that come after, so it is kept outside
 * of Lua states, which come and go.
 */
export interface CjsonSettings {
  /** Whether arrays with too many holes become objects; else they are an error. */
  sparseConvert: number;
  /** How many times the number of elements the greatest index may be; 0 is no limit. */
  sparseRatio: number;
  /** An array up to this index is never too sparse. */
  sparseSafe: number;
  encodeMaxDepth: number;
  decodeMaxDepth: number;
  /** An index of `INVALID_NUMBERS`. */
  encodeInvalidNumbers: number;
  decodeInvalidNumbers: number;
  /** Significant digits. */
  numberPrecision: number;
  keepBuffer: number;
}

export function defaultSettings(): CjsonSettings {
  return {
    sparseConvert: 0,
    sparseRatio: 2,
    sparseSafe: 10,
    encodeMaxDepth: 1000,
    decodeMaxDepth: 1000,
    encodeInvalidNumbers: 0,
    decodeInvalidNumbers: 1,
    numberPrecision: 14,
    keepBuffer: 1,
  };
}

/** Of `encodeInvalidNumbers`: an error, as they are, or `null`. */
const INVALID_NUMBERS = ["off", "on", "null"];
const SWITCH = ["off", "on"];
const INT_MAX = 2 ** 31 - 1;
const MAX_PRECISION = 14;

type Name = keyof CjsonSettings;

/** Where a function finds its settings, and puts them back when it has changed them. */
export interface SettingsPlace {
  get(lua: LuaStack): CjsonSettings;
  put(lua: LuaStack, settings: CjsonSettings): void;
}

export function settingFunctions(place: SettingsPlace): Record<string, NativeFunction> {
  const option =
    (...parts: ((lua: LuaStack, settings: CjsonSettings, argument: number) => void)[]): NativeFunction =>
    (lua) => {
      if (lua.top() > parts.length) lua.argumentError(parts.length + 1, "found too many arguments");
      while (lua.top() < parts.length) lua.pushNil();
      const settings = place.get(lua);
      parts.forEach((part, i) => {
        part(lua, settings, i + 1);
        place.put(lua, settings);
      });
      return parts.length;
    };
  return {
    encode_sparse_array: option(
      choice("sparseConvert", SWITCH),
      integer("sparseRatio", 0, INT_MAX),
      integer("sparseSafe", 0, INT_MAX),
    ),
    encode_max_depth: option(integer("encodeMaxDepth", 1, INT_MAX)),
    decode_max_depth: option(integer("decodeMaxDepth", 1, INT_MAX)),
    encode_number_precision: option(integer("numberPrecision", 1, MAX_PRECISION)),
    encode_keep_buffer: option(choice("keepBuffer", SWITCH)),
    encode_invalid_numbers: option(choice("encodeInvalidNumbers", INVALID_NUMBERS)),
    decode_invalid_numbers: option(choice("decodeInvalidNumbers", SWITCH)),
  };
}

/** Sets, unless the argument is nil, and pushes what is now set. */
function integer(name: Name, least: number, greatest: number) {
  return (lua: LuaStack, settings: CjsonSettings, argument: number): void => {
    if (lua.type(argument) > 0) {
      const value = toInt(lua.checkNumber(argument));
      if (value < least || value > greatest) {
        // Of the first argument, whichever it is: as Redis says.
        lua.argumentError(1, `expected integer between ${least} and ${greatest}`);
      }
      settings[name] = value;
    }
    lua.pushNumber(settings[name]);
  };
}

/** A word of `words`; `off` and `on` are also false and true, and are answered so. */
function choice(name: Name, words: readonly string[]) {
  return (lua: LuaStack, settings: CjsonSettings, argument: number): void => {
    const type = lua.type(argument);
    if (type === BOOLEAN) settings[name] = lua.toBoolean(argument) ? 1 : 0;
    else if (type > 0) {
      const word = checkCString(lua, argument);
      const index = words.indexOf(word);
      if (index < 0) lua.argumentError(argument, `invalid option '${word}'`);
      settings[name] = index;
    }
    if (settings[name] <= 1) lua.pushBoolean(settings[name] === 1);
    else lua.pushBytes(words[settings[name]]!);
  };
}
