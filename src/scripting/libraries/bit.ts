import type { LuaStack, NativeFunction, NativeLibrary } from "../native.ts";

/** BitOp 1.0.2 (bitop.luajit.org): operations on 32 bits; results are signed. */

/** Added to a number, it moves the integer part, modulo 2^32, to the low half of the double. */
const TO_LOW_HALF = 2 ** 52 + 2 ** 51;
const DEFAULT_HEX_DIGITS = 8;
const INT32_MIN = -(2 ** 31);

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);
const LOW_HALF = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

function bits(lua: LuaStack, argument: number): number {
  double[0] = lua.toNumber(argument) + TO_LOW_HALF;
  const value = halves[LOW_HALF]! | 0;
  if (value === 0 && !lua.isNumber(argument)) lua.checkNumber(argument);
  return value;
}

function unary(operate: (value: number) => number): NativeFunction {
  return (lua) => answer(lua, operate(bits(lua, 1)));
}

/** Of any number of arguments, the last of which is looked at first: that shows when two of them are bad. */
function fold(combine: (a: number, b: number) => number): NativeFunction {
  return (lua) => {
    let value = bits(lua, 1);
    for (let i = lua.top(); i > 1; i--) value = combine(value, bits(lua, i));
    return answer(lua, value);
  };
}

function shift(by: (value: number, count: number) => number): NativeFunction {
  return (lua) => {
    const value = bits(lua, 1);
    return answer(lua, by(value, bits(lua, 2) & 31));
  };
}

function answer(lua: LuaStack, value: number): number {
  lua.pushNumber(value | 0);
  return 1;
}

function bswap(value: number): number {
  return (value >>> 24) | ((value >>> 8) & 0xff00) | ((value & 0xff00) << 8) | (value << 24);
}

function tohex(lua: LuaStack): number {
  const value = bits(lua, 1);
  const wanted = lua.type(2) < 0 ? DEFAULT_HEX_DIGITS : bits(lua, 2);
  const digits = Math.min(Math.abs(Math.max(wanted, INT32_MIN + 1)), 8);
  const text = (value >>> 0)
    .toString(16)
    .padStart(8, "0")
    .slice(8 - digits);
  lua.pushBytes(wanted < 0 ? text.toUpperCase() : text);
  return 1;
}

export const bitLibrary: NativeLibrary = {
  name: "bit",
  functions: {
    tobit: unary((value) => value),
    bnot: unary((value) => ~value),
    bswap: unary(bswap),
    band: fold((a, b) => a & b),
    bor: fold((a, b) => a | b),
    bxor: fold((a, b) => a ^ b),
    lshift: shift((value, count) => value << count),
    rshift: shift((value, count) => value >>> count),
    arshift: shift((value, count) => value >> count),
    rol: shift((value, count) => (value << count) | (value >>> (32 - count))),
    ror: shift((value, count) => (value << (32 - count)) | (value >>> count)),
    tohex,
  },
};
