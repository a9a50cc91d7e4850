import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { CommandRow, Context } from "../command.ts";
import { georadiusKeys } from "../find-keys.ts";
import { keyAt, keyBehind } from "../key-spec.ts";
import { search } from "./search.ts";

/** What is in a circle or a rectangle. */
export const SEARCH_ROWS = {
  georadius: {
    arity: -6,
    flags: ["write", "denyoom"],
    keys: [
      keyAt(1, "RO", "access"),
      keyBehind("STORE", 6, "OW", "update"),
      keyBehind("STOREDIST", 6, "OW", "update"),
    ],
    findKeys: georadiusKeys,
    doc: {
      summary:
        "Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a point",
      since: "3.2.0",
      complexity:
        "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
      deprecated: {
        since: "6.2.0",
        replacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
      },
      history: [
        ["6.2.0", "Added the `ANY` option for `COUNT`."],
        ["7.0.0", "Added support for uppercase unit names."],
      ],
      syntax:
        "key longitude:double latitude:double radius:double unit:(M | KM | FT | MI) " +
        "[WITHCOORD] [WITHDIST] [WITHHASH] count:[COUNT count:integer [ANY]@6.2.0] " +
        "order:[ASC | DESC] [STORE key] [STOREDIST key]",
    },
    run: georadius,
  },
  georadius_ro: {
    arity: -6,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "A read-only variant for GEORADIUS",
      since: "3.2.10",
      complexity:
        "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
      deprecated: { since: "6.2.0", replacedBy: "`GEOSEARCH` with the `BYRADIUS` argument" },
      history: [["6.2.0", "Added the `ANY` option for `COUNT`."]],
      syntax:
        "key longitude:double latitude:double radius:double unit:(M | KM | FT | MI) " +
        "[WITHCOORD] [WITHDIST] [WITHHASH] count:[COUNT count:integer [ANY]@6.2.0] " +
        "order:[ASC | DESC]",
    },
    run: georadiusReadOnly,
  },
  georadiusbymember: {
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [
      keyAt(1, "RO", "access"),
      keyBehind("STORE", 5, "OW", "update"),
      keyBehind("STOREDIST", 5, "OW", "update"),
    ],
    findKeys: georadiusKeys,
    doc: {
      summary:
        "Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a member",
      since: "3.2.0",
      complexity:
        "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
      deprecated: {
        since: "6.2.0",
        replacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
      },
      history: [["7.0.0", "Added support for uppercase unit names."]],
      syntax:
        "key member radius:double unit:(M | KM | FT | MI) [WITHCOORD] [WITHDIST] " +
        "[WITHHASH] count:[COUNT count:integer [ANY]] order:[ASC | DESC] [STORE key] " +
        "[STOREDIST key]",
    },
    run: georadiusByMember,
  },
  georadiusbymember_ro: {
    arity: -5,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "A read-only variant for GEORADIUSBYMEMBER",
      since: "3.2.10",
      complexity:
        "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
      deprecated: {
        since: "6.2.0",
        replacedBy: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
      },
      syntax:
        "key member radius:double unit:(M | KM | FT | MI) [WITHCOORD] [WITHDIST] " +
        "[WITHHASH] count:[COUNT count:integer [ANY]] order:[ASC | DESC]",
    },
    run: georadiusByMemberReadOnly,
  },
  geosearch: {
    arity: -7,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary:
        "Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.",
      since: "6.2.0",
      complexity:
        "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape",
      history: [["7.0.0", "Added support for uppercase unit names."]],
      syntax:
        "key from:(FROMMEMBER member | FROMLONLAT longitude:double latitude:double) " +
        "by:(circle:(BYRADIUS radius:double unit:(M | KM | FT | MI)) | box:((BYBOX width:double) height:double unit:(M | KM | FT | MI))) " +
        "order:[ASC | DESC] count:[COUNT count:integer [ANY]] [WITHCOORD] [WITHDIST] " +
        "[WITHHASH]",
    },
    run: geosearch,
  },
  geosearchstore: {
    arity: -8,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update"), keyAt(2, "RO", "access")],
    doc: {
      summary:
        "Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle, and store the result in another key.",
      since: "6.2.0",
      complexity:
        "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape",
      history: [["7.0.0", "Added support for uppercase unit names."]],
      syntax:
        "destination:key source:key " +
        "from:(FROMMEMBER member | FROMLONLAT longitude:double latitude:double) " +
        "by:(circle:(BYRADIUS radius:double unit:(M | KM | FT | MI)) | box:((BYBOX width:double) height:double unit:(M | KM | FT | MI))) " +
        "order:[ASC | DESC] count:[COUNT count:integer [ANY]] [STOREDIST]",
    },
    run: geosearchstore,
  },
} satisfies Record<string, CommandRow>;

function georadius(context: Context, args: readonly Bytes[]): Reply {
  return search(context, args, { form: "georadius", keyAt: 1, mayStore: true });
}

function georadiusReadOnly(context: Context, args: readonly Bytes[]): Reply {
  return search(context, args, { form: "georadius", keyAt: 1, mayStore: false });
}

function georadiusByMember(context: Context, args: readonly Bytes[]): Reply {
  return search(context, args, { form: "georadiusbymember", keyAt: 1, mayStore: true });
}

function georadiusByMemberReadOnly(context: Context, args: readonly Bytes[]): Reply {
  return search(context, args, { form: "georadiusbymember", keyAt: 1, mayStore: false });
}

function geosearch(context: Context, args: readonly Bytes[]): Reply {
  return search(context, args, { form: "geosearch", keyAt: 1, mayStore: false });
}

function geosearchstore(context: Context, args: readonly Bytes[]): Reply {
  return search(context, args, { form: "geosearch", keyAt: 2, mayStore: true });
}
