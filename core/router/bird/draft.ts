/** What has been read of a bird.conf so far. */
import type { Cidr } from "../../net/prefix.ts";
import type { Entry, ReadNeighbor, ReadRouter, Unread } from "../platform.ts";
import type { Policy, PrefixSet } from "../policy.ts";
import type { BirdFunction, Names } from "./condition.ts";
import type { Expression } from "./expression.ts";
import type { Statement, Token } from "./tokens.ts";

export interface BirdDraft {
  readonly names: Names & {
    readonly constants: Map<string, Expression>;
    readonly functions: Map<string, BirdFunction>;
    readonly sets: Map<string, PrefixSet>;
  };
  readonly filters: Map<string, readonly Token[]>;
  readonly templates: Map<string, readonly Statement[]>;
  readonly policies: Map<string, Policy>;
  readonly statics: { readonly prefix: Cidr }[];
  /** Static routes that lead somewhere, by protocol; and the protocols whose routes are unreachable all the same in the kernel. */
  readonly leading: { readonly prefix: Cidr; readonly protocol: string }[];
  readonly ending: Set<string>;
  readonly enters: Entry[];
  readonly neighbors: ReadNeighbor[];
  own: Pick<ReadRouter, "routerId" | "clusterId">;
  readonly unread: Unread[];
}

export function unread(draft: BirdDraft, { line, text }: Pick<Statement, "line" | "text">, reason: string): void {
  draft.unread.push({ line, text, reason });
}
