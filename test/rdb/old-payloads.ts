import { RdbOutput } from "../../src/rdb/encode/output.ts";
import { Ziplist } from "../../src/rdb/encode/ziplist.ts";
import { Listpack } from "../../src/rdb/encode/listpack.ts";
import { RdbNode, RdbType } from "../../src/rdb/opcodes.ts";

const FIELDS = ["f", "v", "n", "17", "long", "x".repeat(300), "m", "-70000"];
const PAIRS = ["a", "1", "b", "2.5", "c", "300"];

/** Type and contents of values as versions of Redis before, and after, the one that is compared with write them. */
export function otherEncodings(): Buffer[] {
  const values: Buffer[] = [];
  const write = (type: number, contents: (output: RdbOutput) => void): void => {
    // Compressed bytes hide what is damaged.
    const output = new RdbOutput(false);
    output.byte(type);
    contents(output);
    values.push(Buffer.concat(output.take()));
  };
  const packed = (pack: Ziplist | Listpack, elements: readonly string[]): Buffer => {
    pack.start();
    for (const element of elements) pack.add(element);
    return Buffer.from(pack.finish());
  };
  write(RdbType.listZiplist, (output) => output.blob(packed(new Ziplist(), FIELDS)));
  write(RdbType.hashZiplist, (output) => output.blob(packed(new Ziplist(), FIELDS)));
  write(RdbType.zsetZiplist, (output) => output.blob(packed(new Ziplist(), PAIRS)));
  write(RdbType.setListpack, (output) => output.blob(packed(new Listpack(), FIELDS)));
  write(RdbType.listQuicklist, (output) => {
    output.length(2);
    for (let i = 0; i < 2; i++) output.blob(packed(new Ziplist(), FIELDS));
  });
  write(RdbType.listQuicklist2, (output) => {
    output.length(2);
    output.length(RdbNode.packed);
    output.blob(packed(new Listpack(), FIELDS));
    output.length(RdbNode.plain);
    output.string("a plain node");
  });
  write(RdbType.hashZipmap, (output) =>
    output.blob(Buffer.from("\x02\x01f\x01\0v\x05field\x05\x02value  \xff", "latin1")),
  );
  for (const type of [RdbType.list, RdbType.set]) {
    write(type, (output) => {
      output.length(FIELDS.length);
      for (const field of FIELDS) output.string(field);
    });
  }
  write(RdbType.hash, (output) => {
    output.length(FIELDS.length / 2);
    for (const field of FIELDS) output.string(field);
  });
  write(RdbType.zset, (output) => {
    output.length(4);
    for (const [member, score] of [
      ["a", "\x011"],
      ["b", "\x032.5"],
      ["c", "\xfe"],
      ["d", "\xff"],
    ] as const) {
      output.string(member);
      output.raw(score);
    }
  });
  return values;
}
