import { useCompat } from "../compat/compat.ts";

const compat = useCompat();

compat("HELLO leaves the connection as it was when it fails", [
  "HELLO 1",
  "HELLO 4",
  "HELLO abc",
  "HELLO 3 BOGUS",
  "HELLO 3 AUTH default",
  "HELLO 3 AUTH nobody wrong",
  "HELLO 3 SETNAME",
  'HELLO 3 SETNAME "a b"',
  'HELLO 2 SETNAME "a b"',
  "CLIENT GETNAME",
  "PING",
  "HGETALL none",
]);
