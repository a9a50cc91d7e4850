import type { Bytes } from "../support/bytes.ts";
import type { LuaModule } from "./lua-module.ts";
import type { InternalFunction, Stack } from "./lua-stack.ts";
import { Result } from "./libraries/result.ts";
import { FUNCTION, NIL, NUMBER, STRING, TABLE, upvalueIndex } from "./native.ts";
import { type Capture, Matcher, PatternError, worstSteps } from "./patterns.ts";

/** Lua's own matcher gets what ends after so many steps at the latest: a fraction of a second. */
const STOCK_STEPS = 1e8;

/** `string.find` and its kind where Lua's own could run for hours. */
export class StringSearch {
  readonly #module: LuaModule;
  readonly #limit: number;

  /** Results have at most `limit` bytes. */
  constructor(module: LuaModule, limit: number) {
    this.#module = module;
    this.#limit = limit;
  }

  /** Whether the subject (first argument) and pattern (second) are such that Lua's own matcher will do. */
  isHarmless(lua: Stack): boolean {
    if (lua.type(1) !== STRING || lua.type(2) !== STRING) return true;
    return worstSteps(lua.length(1), lua.toBytes(2)!) < STOCK_STEPS;
  }

  /** Whether `string.find`, with its pattern, looks for bytes only: the fourth argument says so, or the pattern holds nothing special. */
  isPlain(lua: Stack): boolean {
    return lua.toBoolean(4) || !/[\^$*+?.([%-]/.test(lua.toBytes(2)!);
  }

  find(lua: Stack): number {
    return this.#search(lua, true);
  }

  match(lua: Stack): number {
    return this.#search(lua, false);
  }

  #search(lua: Stack, withPositions: boolean): number {
    const subject = lua.toBytes(1)!;
    const matcher = matcherFor(lua, subject, lua.toBytes(2)!);
    return this.#checked(lua, () => {
      const found = matcher.search(offset(lua, subject.length));
      if (found === null) {
        lua.pushNil();
        return 1;
      }
      const { start, end } = found;
      if (withPositions) {
        lua.pushNumber(start + 1);
        lua.pushNumber(end);
      }
      const captures = matcher.captures(start, end, !withPositions);
      return pushCaptures(lua, captures) + (withPositions ? 2 : 0);
    });
  }

  gmatch(lua: Stack): number {
    lua.setTop(2);
    lua.pushNumber(0);
    lua.pushClosure(this.nextMatch, 3);
    return 1;
  }

  /** What `gmatch` returns: a closure of the subject, the pattern and the offset to go on from. */
  readonly nextMatch: InternalFunction = (lua) => {
    const subject = lua.toBytes(upvalueIndex(1))!;
    const matcher = matcherFor(lua, subject, lua.toBytes(upvalueIndex(2))!, false);
    return this.#checked(lua, () => {
      for (let start = lua.toNumber(upvalueIndex(3)); start <= subject.length; start++) {
        const end = matcher.matchAt(start);
        if (end < 0) continue;
        lua.pushNumber(end === start ? end + 1 : end);
        lua.replace(upvalueIndex(3));
        return pushCaptures(lua, matcher.captures(start, end, true));
      }
      return 0;
    });
  };

  gsub(lua: Stack): number {
    const kind = lua.type(3);
    if (kind !== NUMBER && kind !== STRING && kind !== TABLE && kind !== FUNCTION) {
      lua.argumentError(3, "string/function/table expected");
    }
    const subject = lua.toBytes(1)!;
    const matcher = matcherFor(lua, subject, lua.toBytes(2)!);
    const most = lua.type(4) > NIL ? lua.checkNumber(4) : subject.length + 1;
    const result = new Result(lua, this.#limit);
    let count = 0;
    return this.#checked(lua, () => {
      let at = 0;
      let added = 0;
      while (count < most) {
        const end = matcher.matchAt(at);
        if (end >= 0) {
          count++;
          result.add(subject.slice(added, at));
          result.add(this.#replacement(lua, kind, matcher, at, end));
          added = end;
        }
        if (end > at) at = end;
        else if (at < subject.length) at++;
        else break;
        if (matcher.isAnchored) break;
      }
      result.add(subject.slice(added));
      result.push();
      lua.pushNumber(count);
      return 2;
    });
  }

  #replacement(lua: Stack, kind: number, matcher: Matcher, start: number, end: number): Bytes {
    const whole = (): Bytes => matcher.whole(start, end);
    if (kind === STRING || kind === NUMBER) {
      return lua.toBytes(3)!.replace(/%([^]?)/g, (_, c: Bytes) => {
        if (c === "0") return whole();
        if (c >= "1" && c <= "9") return `${matcher.capture(Number(c) - 1, start, end)}`;
        return c;
      });
    }
    const { L } = lua;
    const { api } = this.#module;
    if (kind === FUNCTION) {
      lua.pushValue(3);
      const count = pushCaptures(lua, matcher.captures(start, end, true));
      api.lua_call(L, count, 1);
    } else {
      pushCaptures(lua, [matcher.capture(0, start, end)]);
      api.lua_gettable(L, 3);
    }
    lua.L = L;
    const type = lua.type(-1);
    if (!lua.toBoolean(-1)) {
      lua.pop(1);
      return whole();
    }
    if (type !== STRING && type !== NUMBER) {
      lua.error(`invalid replacement value (a ${lua.typeName(type)})`);
    }
    const text = lua.toBytes(-1)!;
    lua.pop(1);
    return text;
  }

  /** Runs a search; a bad pattern is Lua's error. */
  #checked(lua: Stack, run: () => number): number {
    try {
      return run();
    } catch (thrown) {
      if (thrown instanceof PatternError) lua.error(thrown.message);
      throw thrown;
    }
  }
}

function matcherFor(lua: Stack, subject: Bytes, pattern: Bytes, anchors = true): Matcher {
  return new Matcher(subject, pattern, anchors, () => lua.checkTime());
}

function pushCaptures(lua: Stack, captures: readonly Capture[]): number {
  if (!lua.checkStack(captures.length)) lua.error("stack overflow (too many captures)");
  for (const capture of captures) {
    if (typeof capture === "number") lua.pushNumber(capture);
    else lua.pushBytes(capture);
  }
  return captures.length;
}

/** Where to begin, from 0: the third argument counts from 1, or from the end. */
function offset(lua: Stack, size: number): number {
  if (lua.type(3) <= NIL) return 0;
  const init = Math.trunc(lua.checkNumber(3));
  const start = init < 0 ? init + size : init - 1;
  return Math.max(0, Math.min(start, size));
}
