import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Bytes } from "../support/bytes.ts";

/**
 * PUC-Rio Lua 5.1 as a WebAssembly module, and nothing around it: no file system, no environment, no clock. This is the only file
 * that knows how it was built (Emscripten, setjmp by JavaScript exceptions, one memory that never shrinks).
 *
 * - Lua raises errors by `longjmp`, which is a JavaScript exception (`LONGJMP`) that `invoke_vii` catches: it is what `lua_pcall`
 *   calls through. Every other exception passes all of them, so no script can catch it.
 * - Everything of a Lua state is in the memory: a copy of its used part, written back, is the state as it was, in
 *   microseconds (`save`, `restore`).
 */

/** Lua's own API, as https://www.lua.org/manual/5.1/manual.html#3 has it. All numbers are addresses, indexes or flags. */
export interface LuaApi {
  readonly memory: WebAssembly.Memory;
  readonly __indirect_function_table: WebAssembly.Table;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  stackSave(): number;
  stackRestore(pointer: number): void;
  setThrew(threw: number, value: number): void;
  malloc(size: number): number;
  free(pointer: number): void;
  luaL_newstate(): number;
  luaL_loadbuffer(L: number, bytes: number, size: number, name: number): number;
  luaL_argerror(L: number, argument: number, message: number): number;
  luaL_checknumber(L: number, argument: number): number;
  luaL_checklstring(L: number, argument: number, size: number): number;
  luaL_checktype(L: number, argument: number, type: number): void;
  luaL_checkany(L: number, argument: number): void;
  luaL_getmetafield(L: number, index: number, name: number): number;
  luaL_where(L: number, level: number): void;
  luaL_ref(L: number, table: number): number;
  luaL_unref(L: number, table: number, reference: number): void;
  readonly luaopen_base: (L: number) => number;
  readonly luaopen_table: (L: number) => number;
  readonly luaopen_string: (L: number) => number;
  readonly luaopen_math: (L: number) => number;
  lua_call(L: number, argumentCount: number, resultCount: number): void;
  lua_checkstack(L: number, count: number): number;
  lua_concat(L: number, count: number): void;
  lua_createtable(L: number, arraySize: number, recordSize: number): void;
  lua_error(L: number): number;
  lua_gc(L: number, what: number, value: number): number;
  lua_getfield(L: number, index: number, name: number): void;
  lua_getinfo(L: number, what: number, record: number): number;
  lua_getmetatable(L: number, index: number): number;
  lua_getstack(L: number, level: number, record: number): number;
  lua_gettop(L: number): number;
  lua_gettable(L: number, index: number): void;
  lua_insert(L: number, index: number): void;
  lua_isnumber(L: number, index: number): number;
  lua_newthread(L: number): number;
  lua_next(L: number, index: number): number;
  lua_objlen(L: number, index: number): number;
  lua_pcall(L: number, argumentCount: number, resultCount: number, handler: number): number;
  lua_pushboolean(L: number, value: number): void;
  lua_pushcclosure(L: number, fn: number, upvalues: number): void;
  lua_pushlightuserdata(L: number, pointer: number): void;
  lua_pushlstring(L: number, bytes: number, size: number): void;
  lua_pushnil(L: number): void;
  lua_pushnumber(L: number, value: number): void;
  lua_pushthread(L: number): number;
  lua_pushvalue(L: number, index: number): void;
  lua_rawget(L: number, index: number): void;
  lua_rawgeti(L: number, index: number, n: number): void;
  lua_rawset(L: number, index: number): void;
  lua_rawseti(L: number, index: number, n: number): void;
  lua_remove(L: number, index: number): void;
  lua_replace(L: number, index: number): void;
  lua_resume(L: number, argumentCount: number): number;
  lua_setfield(L: number, index: number, name: number): void;
  lua_sethook(L: number, hook: number, mask: number, count: number): number;
  lua_setmetatable(L: number, index: number): number;
  lua_settop(L: number, index: number): void;
  lua_status(L: number): number;
  lua_toboolean(L: number, index: number): number;
  lua_tocfunction(L: number, index: number): number;
  lua_tolstring(L: number, index: number, size: number): number;
  lua_tothread(L: number, index: number): number;
  lua_tonumber(L: number, index: number): number;
  lua_topointer(L: number, index: number): number;
  lua_type(L: number, index: number): number;
  lua_xmove(from: number, to: number, count: number): void;
  lua_yield(L: number, resultCount: number): number;
}

/** A C function that is JavaScript: gets the `lua_State`, returns how many results it pushed. */
export type CFunction = (L: number) => number;
/** A hook: gets the `lua_State` and the activation record. */
export type CHook = (L: number, record: number) => void;

/** Thrown where Lua has no memory left and nobody in Lua can catch that. */
export class OutOfMemory extends Error {
  override readonly name = "OutOfMemory";
}

const PAGE = 65536;
/** The part of the memory below the heap that is not stack. The module's layout: data, stack (4 MiB, growing down), heap. */
const DATA_END = 30272;
/** What protected calls may nest in each other: each costs native stack, which host functions need, too. */
const MAX_NESTED_CALLS = 190;
/** From here down the C stack is taken for exhausted; a nested `gsub` takes a little more than 1 KiB. */
const LOWEST_STACK = DATA_END + 3 * 1024 * 1024;

/** What `longjmp` is here. */
class Longjmp {
  readonly kind = "longjmp";
}

const LONGJMP = new Longjmp();

let compiled: WebAssembly.Module | null = null;

function compiledModule(): WebAssembly.Module {
  if (compiled === null) {
    const path = createRequire(import.meta.url).resolve("wasmoon-lua5.1/dist/liblua5.1.wasm");
    compiled = new WebAssembly.Module(hashingMoreCharacters(readFileSync(path)));
  }
  return compiled;
}

/**
 * Lua looks at no more than 32 characters of a string when it hashes it, one in every `(length >> 5) + 1`, so whoever
 * chooses a script's data can make them all collide. Redis' Lua looks at all of them, which also decides the order of
 * keys in a table. It is one number in the code: with a shift by 12 strings below 4 KiB are hashed whole, and long ones,
 * that scripts put together over and over, cost no more than these.
 */
function hashingMoreCharacters(code: Buffer): Buffer {
  const shift = Buffer.from([0x20, 0x02, 0x41, 5, 0x76, 0x22, 0x05, 0x4b]);
  const at = code.indexOf(shift);
  if (at < 0 || code.includes(shift, at + 1)) throw new Error("another build of Lua than this was made for");
  code[at + 3] = 12;
  return code;
}

/** One instance of Lua with a memory of its own. */
export class LuaModule {
  readonly api: LuaApi;
  readonly #limit: number;
  readonly #table: WebAssembly.Table;
  /** Functions that `invoke_vii` has called, by their index: reading the table makes a new object each time. */
  readonly #invoked: ((a: number, b: number) => void)[] = [];
  #nested = 0;
  /** Views of the memory; they change when it grows. */
  bytes!: Buffer;
  words!: Uint32Array;
  doubles!: Float64Array;

  /** `memoryLimit` in bytes, for the whole memory (4 MiB of it are the C stack). */
  constructor(memoryLimit: number) {
    this.#limit = memoryLimit;
    const instance = new WebAssembly.Instance(compiledModule(), this.#imports());
    this.api = instance.exports as unknown as LuaApi;
    this.#table = this.api.__indirect_function_table;
    this.#look();
    this.api.__wasm_call_ctors();
    this.api.emscripten_stack_init();
  }

  /** Bytes of the memory, used or not. */
  get size(): number {
    return this.bytes.length;
  }

  #look(): void {
    const buffer = this.api.memory.buffer;
    this.bytes = Buffer.from(buffer);
    this.words = new Uint32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }

  /** Puts functions into Lua's table of C functions: their addresses, the hook's last. */
  addFunctions(functions: readonly CFunction[], hook: CHook): number[] {
    const added = toWebAssembly(functions, hook);
    const first = this.#table.grow(added.length);
    return added.map((fn, i) => {
      this.#table.set(first + i, fn);
      return first + i;
    });
  }

  /** The C function at an address, to be called in the frame of another one. */
  functionAt(address: number): CFunction {
    return this.#table.get(address) as CFunction;
  }

  /**
   * Whether a table (at its address) has keys that are not 1 … n, or once had: Lua's `Table.node`, which points into the
   * module's data as long as there are none.
   */
  hasHashPart(table: number): boolean {
    return this.words[(table + 16) >> 2]! >= DATA_END;
  }

  /** Whether a table that was made empty is so still: neither part of it was ever allocated. */
  isUntouched(table: number): boolean {
    return !this.hasHashPart(table) && this.words[(table + 28) >> 2] === 0;
  }

  /** Whether a state could yield: no C function is between it and its resumption (`nCcalls`, `baseCcalls`). */
  canYield(L: number): boolean {
    const calls = this.words[(L + 52) >> 2]!;
    return (calls & 0xffff) === calls >>> 16;
  }

  /** Makes calls on a thread count as made from within those of another one, for Lua's limit of 200 C calls (`nCcalls`). */
  nestCalls(thread: number, within: number): void {
    this.words[(thread + 52) >> 2] = this.words[(within + 52) >> 2]! & 0xffff;
  }

  /** Whether nothing but an error can come of calling still deeper. */
  get isDeep(): boolean {
    return this.#nested >= MAX_NESTED_CALLS - 10;
  }

  /** A C string that stays. */
  text(text: string): number {
    const address = this.api.malloc(text.length + 1);
    this.bytes.latin1Write(text, address, text.length);
    this.bytes[address + text.length] = 0;
    return address;
  }

  /** The C string at an address. */
  textAt(address: number): Bytes {
    return this.bytes.latin1Slice(address, this.bytes.indexOf(0, address));
  }

  /** The end of what was ever written, in the heap's first half megabyte above a block that is allocated now. */
  usedEnd(): number {
    const probe = this.api.malloc(16);
    this.api.free(probe);
    let end = Math.min(this.words.length, (probe + 512 * 1024) >> 2);
    while (this.words[end - 1] === 0) end--;
    return end << 2;
  }

  /** A copy of all that counts; the heap up to `heapEnd`. */
  save(heapEnd: number): Saved {
    const stack = this.api.stackSave();
    return {
      stack,
      heapEnd,
      data: Buffer.from(this.bytes.subarray(0, DATA_END)),
      heap: Buffer.from(this.bytes.subarray(stack, heapEnd)),
    };
  }

  /** Everything as it was, of this instance or of another one with the same functions added. */
  restore(saved: Saved): void {
    if (saved.heapEnd > this.size) this.#grow(saved.heapEnd);
    this.bytes.set(saved.data, 0);
    this.bytes.set(saved.heap, saved.stack);
    this.api.stackRestore(saved.stack);
    this.#nested = 0;
  }

  #grow(size: number): boolean {
    if (size > this.#limit) return false;
    // An eighth more: growing moves nothing, but each time all views have to be made again.
    const wanted = Math.min(this.#limit, Math.max(size, this.size + this.size / 8));
    try {
      this.api.memory.grow(Math.ceil((wanted - this.size) / PAGE));
    } catch {
      return false;
    }
    this.#look();
    return true;
  }

  #imports(): WebAssembly.Imports {
    const env = {
      invoke_vii: (index: number, a: number, b: number) => {
        const api = this.api;
        const stack = api.stackSave();
        if (this.#nested >= MAX_NESTED_CALLS || stack < LOWEST_STACK) throw new StackExhausted();
        this.#nested++;
        try {
          (this.#invoked[index] ??= this.#table.get(index) as (a: number, b: number) => void)(a, b);
        } catch (thrown) {
          api.stackRestore(stack);
          if (thrown !== LONGJMP) throw thrown;
          api.setThrew(1, 0);
        }
        this.#nested--;
      },
      _emscripten_throw_longjmp: () => {
        throw LONGJMP;
      },
      emscripten_memcpy_js: (to: number, from: number, size: number) => {
        this.bytes.copyWithin(to, from, from + size);
      },
      emscripten_resize_heap: (size: number) => (this.#grow(size >>> 0) ? 1 : 0),
      // Lua exits when an error meets no protected call: only memory can run out there.
      exit: () => {
        throw new OutOfMemory("not enough memory");
      },
    };
    const wasi = {
      environ_sizes_get: (count: number, size: number) => {
        this.words[count >> 2] = 0;
        this.words[size >> 2] = 0;
        return 0;
      },
      environ_get: () => 0,
      // What Lua prints before it exits.
      fd_write: (_fd: number, vectors: number, count: number, written: number) => {
        let size = 0;
        for (let i = 0; i < count; i++) size += this.words[(vectors >> 2) + 2 * i + 1]!;
        this.words[written >> 2] = size;
        return 0;
      },
    };
    // Files, clocks and the like belong to libraries that are never opened.
    const absent = (name: string) => () => {
      throw new Error(`Lua called ${name}`);
    };
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {
      env,
      wasi_snapshot_preview1: wasi,
    };
    for (const { module, name } of WebAssembly.Module.imports(compiledModule())) {
      imports[module]![name] ??= absent(name);
    }
    return imports;
  }
}

export interface Saved {
  readonly stack: number;
  readonly heapEnd: number;
  readonly data: Buffer;
  readonly heap: Buffer;
}

/** Calls nest too deep: coroutines that resume coroutines, patterns, metamethods. */
export class StackExhausted extends Error {
  override readonly name = "StackExhausted";
  constructor() {
    super("stack overflow");
  }
}

/**
 * A table of C functions takes only functions of WebAssembly; a module that imports JavaScript functions and exports them
 * again makes them such.
 */
function toWebAssembly(functions: readonly CFunction[], hook: CHook): CFunction[] {
  const all = [...functions, hook];
  const text = (s: string): number[] => [s.length, ...Buffer.from(s)];
  const section = (id: number, items: number[][]): number[] => {
    const body = [...unsigned(items.length), ...items.flat()];
    return [id, ...unsigned(body.length), ...body];
  };
  const I32 = 0x7f;
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [
      [0x60, 1, I32, 1, I32],
      [0x60, 2, I32, I32, 0],
    ]),
    ...section(
      2,
      all.map((fn, i) => [...text("f"), ...text(`${i}`), 0, fn === hook ? 1 : 0]),
    ),
    ...section(
      7,
      all.map((_, i) => [...text(`${i}`), 0, ...unsigned(i)]),
    ),
  ]);
  const imports = Object.fromEntries(all.map((fn, i) => [`${i}`, fn]));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { f: imports });
  return all.map((_, i) => exports[`${i}`] as CFunction);
}

/** LEB128: 300 ⇒ ac 02. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
