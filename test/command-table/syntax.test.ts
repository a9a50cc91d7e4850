import { expect, test } from "vitest";
import { parseSyntax } from "../../src/commands/doc.ts";
import type { Argument } from "../../src/commands/doc.ts";

/** The arguments in one line, everything told: `EX=seconds:integer?` with `?` optional, `*` repeated, `+` token too. */
function told(syntax: string): string {
  return parseSyntax(syntax).map(tellOne).join(" ");
}

function tellOne(argument: Argument): string {
  const { name, type, keySpec, token, since, deprecatedSince, parts } = argument;
  return [
    token === undefined ? "" : `${JSON.stringify(token)}=`,
    `${name}:${type}`,
    argument.isOptional ? "?" : "",
    argument.isRepeated ? "*" : "",
    argument.isTokenRepeated ? "+" : "",
    keySpec === undefined ? "" : `#${keySpec}`,
    since === undefined ? "" : `@${since}`,
    deprecatedSince === undefined ? "" : `@<${deprecatedSince}`,
    parts.length === 0 ? "" : `(${parts.map(tellOne).join(" ")})`,
  ].join("");
}

test.each([
  // words
  ["member", "member:string"],
  ["count:integer", "count:integer"],
  ["ip:port", "ip:port:string"],
  ["pattern", "pattern:pattern"],
  ["source:key destination:key", "source:key#0 destination:key#1"],
  ["key1:key key2:key#0", "key1:key#0 key2:key#0"],
  ["member...", "member:string*"],
  ["[member...]", "member:string?*"],
  ["id@1.0.0 ip:port@<2.8.12", "id:string@1.0.0 ip:port:string@<2.8.12"],
  // tokens
  ["[GET]@6.2.0", '"GET"=get:pure-token?@6.2.0'],
  ["[change:CH]", '"CH"=change:pure-token?'],
  ['equal:"="', '"="=equal:pure-token'],
  ["NO ONE", '"NO"=no:pure-token "ONE"=one:pure-token'],
  ["[COUNT count:integer]", '"COUNT"=count:integer?'],
  ["[WEIGHTS weight:integer...]", '"WEIGHTS"=weight:integer?*'],
  ["[GET pattern]...", '"GET"=pattern:pattern?*+'],
  // blocks
  ["(field value)...", "field_value:block*(field:string value:string)"],
  ["(parameter)...", "parameter:block*(parameter:string)"],
  ["[LIMIT offset count]", '"LIMIT"=offset_count:block?(offset:string count:string)'],
  ["count:[COUNT count [ANY]]", 'count:block?("COUNT"=count:string "ANY"=any:pure-token?)'],
  ["(BYBOX width) height", '"BYBOX"=width:string height:string'],
  ["STREAMS streams:(key... id...)", '"STREAMS"=streams:block(key:key*#0 id:string*)'],
  ["[FULL full:([COUNT count])]", '"FULL"=full:block?("COUNT"=count:string?)'],
  // one of several
  ["(LEFT | RIGHT)", 'left_right:oneof("LEFT"=left:pure-token "RIGHT"=right:pure-token)'],
  ["condition:[NX | XX]@2.6.12", 'condition:oneof?@2.6.12("NX"=nx:pure-token "XX"=xx:pure-token)'],
  ["by:(EX seconds@2.6.12 | KEEPTTL)", 'by:oneof("EX"=seconds:string@2.6.12 "KEEPTTL"=keepttl:pure-token)'],
  ["[TYPE kind:(A | B)]", '"TYPE"=kind:oneof?("A"=a:pure-token "B"=b:pure-token)'],
  ["", ""],
])("%s", (syntax, expected) => {
  expect(told(syntax)).toBe(expected);
});

test.each([
  ["key (value", "unbalanced brackets at the end"],
  ["key value]", 'unbalanced brackets at "]"'],
  ["[]", "empty brackets"],
  ["(NX | )", "empty brackets"],
  ['key "x', 'unexpected text at " "x"'],
  ["...", '"..." cannot stand here'],
])("%s is refused", (syntax, message) => {
  expect(() => parseSyntax(syntax)).toThrow(message);
});
