import type { LuaStack, NativeFunction, NativeLibrary } from "../native.ts";
import { upvalueIndex } from "../native.ts";
import { decode } from "./cjson-decode.ts";
import { encode } from "./cjson-encode.ts";
import {
  type CjsonSettings,
  defaultSettings,
  settingFunctions,
  type SettingsPlace,
} from "./cjson-settings.ts";

/** lua-cjson 2.1.0 (www.kyne.com.au/~mark/software/lua-cjson-manual.html). */

const SETTINGS = Object.keys(defaultSettings()) as (keyof CjsonSettings)[];

/** Those of a module that `cjson.new` made are in a Lua table, an upvalue of its functions: they go with it. */
const inUpvalue: SettingsPlace = {
  get(lua) {
    const settings = defaultSettings();
    SETTINGS.forEach((name, i) => {
      lua.rawGetIndex(upvalueIndex(1), i + 1);
      settings[name] = lua.toNumber(-1);
      lua.pop(1);
    });
    return settings;
  },
  put(lua, settings) {
    writeSettings(lua, upvalueIndex(1), settings);
  },
};

function writeSettings(lua: LuaStack, index: number, settings: CjsonSettings): void {
  SETTINGS.forEach((name, i) => {
    lua.pushNumber(settings[name]);
    lua.rawSetIndex(index, i + 1);
  });
}

function conversions(place: SettingsPlace, maxResultBytes: number): Record<string, NativeFunction> {
  const needOne = (lua: LuaStack): void => {
    if (lua.top() !== 1) lua.argumentError(1, "expected 1 argument");
  };
  return {
    encode(lua) {
      needOne(lua);
      encode(lua, place.get(lua), maxResultBytes);
      return 1;
    },
    decode(lua) {
      needOne(lua);
      decode(lua, place.get(lua));
      return 1;
    },
  };
}

function pushFields(lua: LuaStack): void {
  for (const [name, text] of [
    ["_NAME", "cjson"],
    ["_VERSION", "2.1.0"],
  ] as const) {
    lua.pushBytes(name);
    lua.pushBytes(text);
    lua.rawSet(-3);
  }
  lua.pushBytes("null");
  lua.pushNull();
  lua.rawSet(-3);
}

/** `maxResultBytes` bounds what one call encodes. Settings that scripts change are kept with the library. */
export function cjsonLibrary(maxResultBytes: number): NativeLibrary {
  const shared = defaultSettings();
  const here: SettingsPlace = { get: () => shared, put: () => undefined };
  const ofNew = { ...conversions(inUpvalue, maxResultBytes), ...settingFunctions(inUpvalue) };
  const make: NativeFunction = (lua) => {
    lua.newTable(0, 0);
    const module = lua.top();
    lua.newTable(SETTINGS.length, 0);
    writeSettings(lua, module + 1, defaultSettings());
    for (const [name, run] of Object.entries(ofNew)) {
      lua.pushBytes(name);
      lua.pushValue(module + 1);
      lua.pushClosure(run, 1);
      lua.rawSet(module);
    }
    lua.pushBytes("new");
    lua.pushClosure(make, 0);
    lua.rawSet(module);
    lua.setTop(module);
    pushFields(lua);
    return 1;
  };
  return {
    name: "cjson",
    functions: { ...conversions(here, maxResultBytes), ...settingFunctions(here), new: make },
    hidden: Object.values(ofNew),
    open: pushFields,
  };
}
