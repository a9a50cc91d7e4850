import { useCompat } from "./compat.ts";

const compat = useCompat(["--enable-debug-command", "yes"]);

compat("SHUTDOWN, what it refuses", [
  "SHUTDOWN ABORT",
  "SHUTDOWN SAVE NOSAVE",
  "SHUTDOWN ABORT NOW",
  "SHUTDOWN ABORT SAVE",
  "SHUTDOWN NOSAVE NOSAVE bogus",
  "SHUTDOWN bogus",
  "SHUTDOWN abort ABORT",
]);

compat("ROLE, TIME, LOLWUT, INFO, MODULE", [
  "ROLE",
  "ROLE a",
  "TIME a",
  ["LOLWUT", "exact"],
  ["LOLWUT 5", "exact"],
  ["LOLWUT VERSION", "exact"],
  ["LOLWUT VERSION 7 1 2", "exact"],
  ["LOLWUT VERSION x", "exact"],
  ["LOLWUT VERSION 5 10 2", "same type"],
  ["INFO cluster", "exact"],
  ["INFO CLUSTER modules", "exact"],
  ["INFO nonsense", "exact"],
  "INFO all",
  "MODULE LIST",
  "MODULE LIST a",
  "MODULE HELP",
  "MODULE LOAD /x",
  "MODULE LOADEX /x CONFIG",
  "MODULE UNLOAD x",
  "MODULE UNLOAD",
  "MODULE nonsense",
  "MODULE",
]);

compat("DEBUG", [
  "DEBUG",
  "DEBUG nonsense",
  "DEBUG SLEEP",
  "DEBUG SLEEP 0.001",
  "DEBUG SLEEP -1",
  "DEBUG SLEEP abc",
  "DEBUG SET-ACTIVE-EXPIRE",
  "DEBUG SET-ACTIVE-EXPIRE 1",
  "DEBUG SET-ACTIVE-EXPIRE x",
  "DEBUG SET-ACTIVE-EXPIRE 1",
  "DEBUG OBJECT nothing",
  "SET k 1",
  ["DEBUG OBJECT k", "same type"],
  "DEBUG OBJECT k k",
  "DEBUG POPULATE",
  "DEBUG POPULATE x",
  "DEBUG POPULATE -1",
  "DEBUG POPULATE 2 p -1",
  "DEBUG POPULATE 2 p x",
  "DEBUG POPULATE 2 p 9",
  "MGET p:0 p:1 p:2",
  "DEBUG POPULATE 12 q 3",
  "MGET q:0 q:11",
  "DEBUG ERROR 'ERR my own'",
  'DEBUG ERROR "A B\\r\\nC"',
  "DEBUG LOG hello",
  "DEBUG RELOAD bogus",
  ...["string", "integer", "double", "bignum", "null", "array", "set", "map", "true", "false", "verbatim", "bogus"].map(
    (type) => `DEBUG PROTOCOL ${type}`,
  ),
]);

compat("DEBUG DIGEST-VALUE", [
  "DEBUG DIGEST-VALUE",
  "DEBUG DIGEST-VALUE nothing",
  "SET k hello",
  "SET n 42",
  "SETEX e 100 v",
  "HSET h a 1 b 2 c '' '' d",
  "SADD s a b c",
  "SADD i 1 2 3",
  "ZADD z 1 a 2.5 b -inf c inf d 0.1 e 1e300 f",
  "DEBUG DIGEST-VALUE k n e h s i z nothing k",
]);
