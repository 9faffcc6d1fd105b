/** A channel: the part of a protocol that carries one family, and the filters in it. */
import { perValue } from "../../intent/memo.ts";
import type { Family } from "../../net/address.ts";
import type { Term } from "../policy.ts";
import { alternativesOf } from "./condition.ts";
import { expressionOf } from "./expression.ts";
import { codeOf, policyOf } from "./filter.ts";
import type { BirdDraft } from "./draft.ts";
import { unread } from "./draft.ts";
import { statementsOf } from "./tokens.ts";
import type { Statement } from "./tokens.ts";

export interface BirdChannel {
  readonly family: Family;
  /** Those of the template first: a later one replaces an earlier one. */
  readonly statements: readonly Statement[];
  readonly line: number;
}

export function channelsIn(statements: readonly Statement[]): readonly BirdChannel[] {
  return ([4, 6] as const).flatMap((family) => {
    const blocks = statements.filter(({ text }) => text === `ipv${family}`);
    const [first] = blocks;
    if (first === undefined) return [];
    return [{ family, statements: blocks.flatMap(({ body }) => statementsOf(body ?? [])), line: blocks.at(-1)?.line ?? first.line }];
  });
}

interface Wanted {
  readonly direction: "import" | "export";
  /** Of the policy that is made of it. */
  readonly name: string;
  /** What BIRD does without a filter. */
  readonly otherwise: "accept" | "reject";
}

/** Behind `import where`. */
const askedBy = perValue(({ head }: Statement) => expressionOf(head.slice(2)));

/** Reads the filter of one direction into a policy of the draft, and answers with its name. */
export function filterIn(draft: BirdDraft, statements: readonly Statement[], { direction, name, otherwise }: Wanted): string {
  const statement = statements.findLast(({ head }) => head[0]?.text === direction && /^(none|all|where|filter)$/.test(head[1]?.text ?? ""));
  const [, kind, ...rest] = statement?.head ?? [];
  const add = (policy: Parameters<BirdDraft["policies"]["set"]>[1]) => {
    draft.policies.set(policy.name, policy);
    return policy.name;
  };
  if (statement === undefined || kind === undefined) return add({ name: otherwise === "accept" ? "all" : "none", terms: [], otherwise });
  if (kind.text === "all" || kind.text === "none")
    return add({ name: kind.text, terms: [], otherwise: kind.text === "all" ? "accept" : "reject" });
  if (kind.text === "where") {
    const expression = askedBy(statement);
    if (expression !== undefined) {
      const terms = alternativesOf(expression, draft.names).map(({ when, set }, at): Term => {
        return { name: `where ${at + 1}`, when, verdict: "accept", ...(Object.keys(set).length > 0 && { set }) };
      });
      return add({ name, otherwise: "reject", terms });
    }
  }
  const code = statement.body ?? draft.filters.get(rest[0]?.text ?? "");
  if (kind.text === "filter" && code !== undefined) {
    const named = rest[0] === undefined ? name : `filter ${rest[0].text}`;
    const known = draft.policies.get(named);
    const told = (token: { readonly text: string; readonly line: number }) =>
      draft.unread.push({ line: token.line, text: token.text, reason: "a statement of a filter that is not read here" });
    return known?.name ?? add(policyOf(named, codeOf(code), { names: draft.names, unread: told }));
  }
  unread(draft, statement, "a filter that is not understood");
  return add({
    name,
    otherwise: "reject",
    terms: [{ name: "not understood", when: [{ unknown: statement.text }], verdict: "accept" }],
  });
}
