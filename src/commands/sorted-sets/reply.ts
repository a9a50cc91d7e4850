import type { ScoredMembers } from "../../keyspace/score-order.ts";
import type { ScoredMember } from "../../keyspace/zset.ts";
import { Double, type Reply } from "../../resp/reply.ts";

/** How a reply shows a member: alone, with its score behind it (RESP2), or paired with it (RESP3). */
export type Form = "alone" | "flat" | "paired";

export function formOf(withScores: boolean, resp: 2 | 3): Form {
  if (!withScores) return "alone";
  return resp === 2 ? "flat" : "paired";
}

/** How many elements of a reply a member takes. */
export function elementsPerMember(form: Form): 1 | 2 {
  return form === "flat" ? 2 : 1;
}

export function membersReply({ members, scores }: ScoredMembers, form: Form): readonly Reply[] {
  if (form === "alone") return members;
  if (form === "paired") return members.map((member, i) => [member, new Double(scores[i]!)]);
  const flat: Reply[] = [];
  for (let i = 0; i < members.length; i++) flat.push(members[i]!, new Double(scores[i]!));
  return flat;
}

/** The same for a run of a stream. */
export function runReply(run: readonly ScoredMember[], form: Form): readonly Reply[] {
  return membersReply(
    { members: run.map(([member]) => member), scores: run.map(([, score]) => score) },
    form,
  );
}
