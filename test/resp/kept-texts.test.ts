import { describe, expect, test } from "vitest";
import { withKeptText } from "../../src/resp/kept-texts.ts";
import { Double, MapReply, type Reply, SetReply } from "../../src/resp/reply.ts";
import { ReplyWriter } from "../../src/resp/reply-writer.ts";

function encode(reply: Reply, resp: 2 | 3): string {
  const writer = new ReplyWriter();
  writer.write(reply, resp);
  return writer.takeText()!;
}

const scored: Reply[] = Array.from({ length: 9 }, (_, i) => [`member ${i}`, new Double(i / 4)]);
const mixed: Reply[] = ["a", 1, null, "", new Double(2.5), ["b", null], -7, "\xff\0\r\n", "x".repeat(3000)];

describe.each([
  ["strings", Array.from({ length: 100 }, (_, i) => `element ${i}`)],
  ["members and scores", scored],
  ["all kinds", mixed],
])("%s", (_, elements) => {
  test("are written the same each time, by themselves and in others", () => {
    const kept = withKeptText(elements)!;
    const shapes: ((of: readonly Reply[]) => Reply)[] = [
      (of) => of,
      (of) => new MapReply(of.length % 2 === 0 ? of : [of, of]),
      (of) => new SetReply(of),
      (of) => ["before", of, "behind", of],
    ];
    for (const shape of [...shapes, ...shapes]) {
      for (const resp of [3, 2] as const)
        expect(encode(shape(kept), resp)).toBe(encode(shape(elements), resp));
    }
  });
});

test("what is kept does not change with the array that it was read from", () => {
  const elements = Array.from({ length: 20 }, (_, i) => String(i));
  const kept = withKeptText(elements)!;
  const text = encode(kept, 2);
  elements[3] = "another";
  expect(kept[3]).toBe("3");
  expect(encode(kept, 2)).toBe(text);
  expect(encode(elements, 2)).toContain("another");
});

test("neither a few elements nor much is kept, and no long string anywhere", () => {
  expect(withKeptText(["a", "b", "c"])).toBeNull();
  expect(withKeptText(Array.from({ length: 5000 }, () => ""))).toBeNull();
  expect(withKeptText(Array.from({ length: 100 }, () => "x".repeat(1000)))).toBeNull();
  expect(withKeptText([...scored, ["x".repeat(20_000), new Double(1)]])).toBeNull();
  expect(withKeptText(Array.from({ length: 600 }, () => "x".repeat(100)))).not.toBeNull();
});
