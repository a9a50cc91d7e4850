import type { Undo } from "../../storage/undo.ts";
import type { Bytes } from "../../support/bytes.ts";
import { digestOf } from "../../support/digest.ts";
import type { ScriptFlags } from "./flags.ts";
import { readScriptHead } from "./shebang.ts";

/** A script of EVAL that was seen. */
export interface CachedScript {
  readonly sha: string;
  readonly body: Bytes;
  readonly flags: ScriptFlags;
  /** What Lua is given. */
  readonly source: Bytes;
}

/** About what the cache needs for a script beside its text. */
const SCRIPT_OVERHEAD_BYTES = 200;

/** All scripts since the start or SCRIPT FLUSH, by their sha1. As in Redis only that forgets them. */
export class ScriptCache {
  #bySha = new Map<string, CachedScript>();
  #byBody = new Map<Bytes, CachedScript>();
  #bytes = 0;

  get count(): number {
    return this.#bySha.size;
  }

  /** About what it takes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By its sha1 in any letter case. */
  get(sha: Bytes): CachedScript | undefined {
    return this.#bySha.get(sha) ?? this.#bySha.get(sha.toLowerCase());
  }

  ofBody(body: Bytes): CachedScript | undefined {
    return this.#byBody.get(body);
  }

  /** What Redis knows of a script before it is in the cache. @throws CommandError for a `#!` line that is wrong */
  static read(body: Bytes): CachedScript {
    return { sha: digestOf("SHA1", body), body, ...readScriptHead(body) };
  }

  /** `undo`: of the transaction that may have to start again, and must find what it found then. */
  add(script: CachedScript, undo: Undo | null): void {
    this.#bySha.set(script.sha, script);
    this.#byBody.set(script.body, script);
    this.#bytes += script.body.length + SCRIPT_OVERHEAD_BYTES;
    undo?.add(() => this.#remove(script));
  }

  #remove(script: CachedScript): void {
    this.#bySha.delete(script.sha);
    this.#byBody.delete(script.body);
    this.#bytes -= script.body.length + SCRIPT_OVERHEAD_BYTES;
  }

  clear(undo: Undo | null): void {
    const [bySha, byBody, bytes] = [this.#bySha, this.#byBody, this.#bytes];
    undo?.add(() => {
      this.#bySha = bySha;
      this.#byBody = byBody;
      this.#bytes = bytes;
    });
    this.#bySha = new Map();
    this.#byBody = new Map();
    this.#bytes = 0;
  }
}
