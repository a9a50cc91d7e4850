/**
 * What COMMAND DOCS tells about a command, and the compact syntax in which rows write their arguments.
 *
 * The syntax reads like the usage line of Redis' documentation:
 *
 *     key value condition:[NX | XX]@2.6.12 [GET]@6.2.0 expiration:[EX seconds:integer | KEEPTTL]
 *
 * | written                | means                                                                        |
 * |------------------------|------------------------------------------------------------------------------|
 * | `member`               | a string argument; `key` and `pattern` are of the type that they name        |
 * | `count:integer`        | an argument of another type                                                  |
 * | `WITHSCORES`, `"="`    | a bare token, named like itself in lower case                                |
 * | `EX seconds:integer`   | an argument behind a token                                                   |
 * | `LIMIT offset count`   | a token before several arguments: they form a block                          |
 * | `(field value)`        | a block; its name is the names inside, joined: `field_value`                 |
 * | `(NX \| XX)`           | one of several; named in the same way                                        |
 * | `[GET]`                | optional                                                                     |
 * | `member...`            | once or more; `[GET pattern]...` repeats the token too                       |
 * | `condition:[NX \| XX]` | a name of its own for what follows                                           |
 * | `[GET]@6.2.0`          | since that version; `@<2.8.12`: deprecated since                             |
 * | `destination:key#2`    | the key specification that gives it; the n-th key has the n-th unless told   |
 *
 * Brackets around a single argument make no block (`[COUNT count]`, `(BYBOX width)`), unless the round ones
 * have a name or are repeated (`(parameter)...`).
 */
export interface CommandDoc {
  readonly summary: string;
  /** The version of Redis that brought it. */
  readonly since: string;
  readonly complexity?: string;
  readonly deprecated?: { readonly since: string; readonly replacedBy: string };
  /** A command that is not meant for users. */
  readonly isInternal?: boolean;
  /** Version and what changed in it. */
  readonly history?: readonly (readonly [since: string, change: string])[];
  /** The arguments, in the syntax above; absent for none. */
  readonly syntax?: string;
}

export interface Argument {
  readonly name: string;
  readonly type: ArgumentType;
  /** Position in the row's `keys`. */
  readonly keySpec?: number;
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly isOptional: boolean;
  readonly isRepeated: boolean;
  /** Each repetition has the token before it. */
  readonly isTokenRepeated: boolean;
  /** Of a `block` or a `oneof`. */
  readonly parts: readonly Argument[];
}

type ArgumentType = (typeof VALUE_TYPES)[number] | "pure-token" | "oneof" | "block";

const VALUE_TYPES = ["string", "integer", "double", "key", "pattern", "unix-time"] as const;

/** The arguments that `syntax` describes. Throws an `Error` that shows the place where it is malformed. */
export function parseSyntax(syntax: string): Argument[] {
  const parser = new SyntaxParser(syntax);
  return parser.parse();
}

type Draft = { -readonly [Name in keyof Argument]: Argument[Name] };

/** Quoted token; mark; postfix (`@6.2.0`, `#2`); label, if something that can be named follows it; word. */
const LEXEME =
  /\s*(?:"([^"]*)"|(\.\.\.|[()[\]|])|([@#]<?[0-9.]*[0-9])|([^\s()[\]|"@#]+):(?=["([A-Z])|((?:(?!\.\.\.)[^\s()[\]|"@#])+))/y;

interface Lexeme {
  readonly kind: "token" | "mark" | "postfix" | "word" | "label" | "end";
  readonly text: string;
  readonly at: number;
}

class SyntaxParser {
  readonly #syntax: string;
  readonly #lexemes: Lexeme[] = [];
  #next = 0;
  #keysSeen = 0;

  constructor(syntax: string) {
    this.#syntax = syntax;
    let at = 0;
    while (syntax.slice(at).trim() !== "") {
      LEXEME.lastIndex = at;
      const match = LEXEME.exec(syntax);
      if (match === null) throw new Error(`syntax: unexpected text at "${syntax.slice(at)}"`);
      this.#lexemes.push(lexemeOf(match, at));
      at = LEXEME.lastIndex;
    }
    this.#lexemes.push({ kind: "end", text: "", at });
  }

  parse(): Argument[] {
    const sequence = this.#sequence();
    if (this.#peek().kind !== "end") this.#fail("unbalanced brackets");
    return sequence;
  }

  /** Arguments up to a bar, a closing bracket or the end. */
  #sequence(): Draft[] {
    const sequence: Draft[] = [];
    while (this.#peek().kind !== "end" && !this.#isMark("|") && !this.#isMark(")") && !this.#isMark("]")) {
      sequence.push(this.#item());
    }
    return sequence;
  }

  #item(): Draft {
    const label = this.#peek().kind === "label" ? this.#take().text : undefined;
    if (this.#isMark("(") || this.#isMark("[")) return this.#group(label);
    const { kind, text } = this.#peek();
    if (kind === "token") return this.#token(label);
    if (kind === "word" && label === undefined) return this.#value();
    return this.#fail(`"${text}" cannot stand here`);
  }

  /** A bare token, or a token with the words or the group behind it. */
  #token(label: string | undefined): Draft {
    const token = this.#take().text;
    const behind: Draft[] = [];
    if (label === undefined) {
      const isGroupBehind = this.#isMark("(") || (this.#peek().kind === "label" && this.#isMark("(", 1));
      if (isGroupBehind) behind.push(this.#item());
      while (!isGroupBehind && this.#peek().kind === "word") behind.push(this.#value());
    }
    if (behind.length === 0) {
      return this.#postfixes(draft(label ?? token.toLowerCase(), "pure-token", { token }));
    }
    const argument = behind.length === 1 ? behind[0]! : combine("block", behind);
    argument.token = token;
    return argument;
  }

  #value(): Draft {
    const { name, type } = nameAndType(this.#take().text);
    const argument = draft(name, type);
    if (type === "key") argument.keySpec = this.#keysSeen++;
    return this.#postfixes(argument);
  }

  #group(label: string | undefined): Draft {
    const isOptional = this.#take().text === "[";
    const choices: Draft[] = [];
    let wasOneSequence = true;
    let sequence = this.#sequence();
    while (this.#isMark("|")) {
      this.#take();
      wasOneSequence = false;
      choices.push(this.#single(sequence));
      sequence = this.#sequence();
    }
    if (!this.#isMark(isOptional ? "]" : ")")) this.#fail("unbalanced brackets");
    this.#take();
    const isRepeated = this.#isMark("...");
    let argument: Draft;
    if (!wasOneSequence) {
      choices.push(this.#single(sequence));
      argument = combine("oneof", choices);
    } else if (!isOptional && sequence.length > 0 && (label !== undefined || isRepeated)) {
      argument = combine("block", sequence);
    } else {
      argument = this.#single(sequence);
    }
    if (label !== undefined) argument.name = label;
    if (isOptional) argument.isOptional = true;
    if (isOptional && isRepeated && argument.token !== undefined) argument.isTokenRepeated = true;
    return this.#postfixes(argument);
  }

  #single(sequence: readonly Draft[]): Draft {
    if (sequence.length === 0) this.#fail("empty brackets");
    return sequence.length === 1 ? sequence[0]! : combine("block", sequence);
  }

  #postfixes(argument: Draft): Draft {
    for (;;) {
      const { kind, text } = this.#peek();
      if (this.#isMark("...")) argument.isRepeated = true;
      else if (kind !== "postfix") return argument;
      else if (text.startsWith("#")) argument.keySpec = Number(text.slice(1));
      else if (text.startsWith("@<")) argument.deprecatedSince = text.slice(2);
      else argument.since = text.slice(1);
      this.#take();
    }
  }

  #peek(): Lexeme {
    return this.#lexemes[this.#next]!;
  }

  #take(): Lexeme {
    return this.#lexemes[this.#next++]!;
  }

  #isMark(text: string, ahead = 0): boolean {
    const lexeme = this.#lexemes[this.#next + ahead];
    return lexeme?.kind === "mark" && lexeme.text === text;
  }

  #fail(reason: string): never {
    const rest = this.#syntax.slice(this.#peek().at).trim();
    throw new Error(`syntax: ${reason} at ${rest === "" ? "the end" : `"${rest}"`}`);
  }
}

function lexemeOf([, quoted, mark, postfix, label, word]: RegExpExecArray, at: number): Lexeme {
  if (quoted !== undefined) return { kind: "token", text: quoted, at };
  if (mark !== undefined) return { kind: "mark", text: mark, at };
  if (postfix !== undefined) return { kind: "postfix", text: postfix, at };
  if (label !== undefined) return { kind: "label", text: label, at };
  const text = word!;
  return { kind: /^[A-Z][A-Z0-9-]*$/.test(text) ? "token" : "word", text, at };
}

/** `count:integer` ⇒ count, integer; `ip:port` ⇒ ip:port, string. */
function nameAndType(word: string): { name: string; type: ArgumentType } {
  const colon = word.lastIndexOf(":");
  const type = VALUE_TYPES.find((known) => known === word.slice(colon + 1));
  if (colon > 0 && type !== undefined) return { name: word.slice(0, colon), type };
  return { name: word, type: word === "key" || word === "pattern" ? word : "string" };
}

function draft(name: string, type: ArgumentType, more: Partial<Draft> = {}): Draft {
  return { name, type, isOptional: false, isRepeated: false, isTokenRepeated: false, parts: [], ...more };
}

function combine(type: "oneof" | "block", parts: readonly Draft[]): Draft {
  return draft(parts.map((part) => part.name).join("_"), type, { parts });
}
