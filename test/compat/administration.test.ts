import { useCompat } from "./compat.ts";

const compat = useCompat();

compat("CLUSTER and its kind without a cluster", [
  "CLUSTER INFO",
  "CLUSTER HELP",
  "CLUSTER KEYSLOT k",
  "CLUSTER KEYSLOT",
  "CLUSTER BOGUS",
  "CLUSTER",
  "READONLY",
  "READWRITE",
  "ASKING",
  "READONLY x",
]);

compat("ACL", [
  "ACL WHOAMI",
  "ACL USERS",
  "ACL LIST",
  "ACL GETUSER default",
  "ACL GETUSER none",
  "ACL CAT",
  "ACL CAT bogus",
  "ACL CAT geo x",
  ["ACL CAT geo", "unordered"],
  ["ACL CAT hyperloglog", "unordered"],
  ["ACL CAT pubsub", "unordered"],
  "ACL GENPASS 0",
  "ACL GENPASS 4097",
  "ACL GENPASS abc",
  "ACL GENPASS 1 2",
  "ACL SAVE",
  "ACL LOAD",
  "ACL DELUSER default",
  "ACL DELUSER a b",
  "ACL DRYRUN default GET k",
  "ACL DRYRUN default GET",
  "ACL DRYRUN default BOGUS",
  "ACL DRYRUN none GET k",
  "ACL BOGUS",
  "ACL",
]);

compat("SLOWLOG and LATENCY", [
  "CONFIG SET slowlog-log-slower-than -1",
  "SLOWLOG RESET",
  "SLOWLOG LEN",
  "SLOWLOG GET",
  "SLOWLOG GET -1",
  "SLOWLOG GET -2",
  "SLOWLOG GET abc",
  "SLOWLOG GET 1 2",
  "SLOWLOG HELP",
  "SLOWLOG BOGUS",
  "SLOWLOG",
  "LATENCY RESET",
  "LATENCY LATEST",
  "LATENCY HISTORY none",
  "LATENCY HISTORY",
  "LATENCY GRAPH none",
  "LATENCY DOCTOR",
  "LATENCY HELP",
  "LATENCY RESET a b",
  "LATENCY HISTOGRAM none",
  "LATENCY BOGUS",
  "CONFIG SET slowlog-log-slower-than 10000",
]);

compat("WAIT", [
  "WAIT 0 0",
  "WAIT -1 0",
  "WAIT 1 1",
  "WAIT abc 0",
  "WAIT 1 abc",
  "WAIT 1 -1",
  "WAIT 1 1.5",
  "WAIT 1",
]);

compat("MONITOR, of which there is one reply", ["MULTI", "MONITOR", "EXEC"]);
compat("MEMORY", ["MEMORY HELP", "MEMORY PURGE", ["MEMORY DOCTOR", "same type"], "MEMORY BOGUS"]);
