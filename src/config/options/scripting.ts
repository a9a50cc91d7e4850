import { LONG_MAX, integer, memory, yesNo } from "../option-types.ts";

const MB = 1024 ** 2;
/** WebAssembly's memory has addresses of 32 bits. */
const MAX_LUA_MEMORY = 4096n * 1024n ** 2n;

/** Lua scripts and functions. */
export const SCRIPTING = {
  "busy-reply-threshold": integer(
    5000,
    { min: 0n, max: LONG_MAX },
    {
      help: "Milliseconds after which a script makes the server tell other clients that it is busy; 0: never",
      aliases: ["lua-time-limit"],
    },
  ),
  "script-stuck-limit": integer(
    15_000,
    { min: 0n, max: LONG_MAX },
    {
      help:
        "Milliseconds beyond busy-reply-threshold after which a script is ended that cannot be interrupted where it is; " +
        "what it wrote is taken back. 0: never",
    },
  ),
  "lua-memory-limit": memory(
    256 * MB,
    { min: BigInt(16 * MB), max: MAX_LUA_MEMORY },
    { help: "Memory of the scripts' Lua, and as much for that of the functions", changes: "start" },
  ),
  "lua-enable-deprecated-api": yesNo(false, {
    fixed: {
      to: [false],
      why: "getfenv, setfenv and newproxy lead out of the sandbox: only 'no' is supported",
    },
    changes: "start",
    isHidden: true,
  }),
} as const;
