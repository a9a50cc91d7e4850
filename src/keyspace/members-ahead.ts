import type { Bytes } from "../support/bytes.ts";
import type { WideMembers } from "./member-map.ts";
import type { TypeName, ValueObject } from "./value.ts";

/** A longer one takes longer to be looked for than it would be waited for. */
const MAX_MEMBER_AHEAD = 200;

/** What requests that are about to run will look for in large collections, to be looked for at the same time. */
export class MembersAhead {
  readonly #members = new Map<WideMembers, Bytes[]>();
  /** What was added last, and what is known of its members so far, if it is large: many requests in a row are for one. */
  #last: ValueObject | null = null;
  #ofLast: Bytes[] | null = null;

  add(object: ValueObject, request: readonly Bytes[]): void {
    if (object !== this.#last) {
      this.#last = object;
      this.#ofLast = object.wide === null ? null : this.#of(object.wide);
    }
    if (this.#ofLast === null) return;
    const member = memberIn(request, object.type);
    if (member !== undefined && member.length <= MAX_MEMBER_AHEAD) this.#ofLast.push(member);
  }

  #of(wide: WideMembers): Bytes[] {
    let members = this.#members.get(wide);
    if (members === undefined) this.#members.set(wide, (members = []));
    return members;
  }

  /** Brings near what was added, where that is more than one. */
  touch(): void {
    this.#last = this.#ofLast = null;
    if (this.#members.size === 0) return;
    for (const [wide, members] of this.#members) if (members.length > 1) wide.touch(members);
    this.#members.clear();
  }
}

/** The first that a request names, as most commands have it; where it names none, something else, which costs a look. */
function memberIn(request: readonly Bytes[], type: TypeName): Bytes | undefined {
  // Behind its score, where there is one.
  return type === "zset" ? request.at(-1) : request[2];
}
