/** Our tables as the kernel has them: chains by the comments of their rules, sets by theirs, and elements one by one. */
import { nftRef } from "#core/kinds/nft.ts";
import type { NftElement, NftFamily, NftFlowtable } from "#core/kinds/nft.ts";
import type { ChainState } from "#core/kinds/nft-table.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Channel } from "../netlink/channel.ts";
import { attributeIn, attributesIn, eachAttribute, textIn } from "../netlink/message.ts";
import type { MessageWriter } from "../netlink/message.ts";
import { RefusedError } from "../netlink/refusal.ts";
import { elementsOf, verdictIn } from "./elements.ts";
import { flowtablesOf } from "./flowtables.ts";
import { CHAIN, DATA, EXPRESSION, hookName, IMMEDIATE_DATA, LOOKUP_SET, NFT, nftHead, RULE, RULE_COMMENT } from "./numbers.ts";
import { NFT_TABLE } from "./script.ts";
import { commentIn, isAnonymous, NONE, setsOf } from "./sets.ts";
import type { SetShape } from "./sets.ts";

const ATTEMPTS = 20;

/** The number of the state that the packet filter is in: it grows with each change, whoever makes it. */
export function generation(netfilter: Channel): number {
  return netfilter.get({ type: NFT.GETGEN, fixed: nftHead("inet") }, (body) => attributeIn(body, 1, 4)?.readUInt32BE(0) ?? 0, []) ?? 0;
}

/** What `read` makes of one state, by its number: again when it changed while it was read. */
export function atOnce<T>(netfilter: Channel, read: (state: number) => T): { readonly value: T; readonly state: number } {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = generation(netfilter);
    const value = read(before);
    if (generation(netfilter) === before) return { value, state: before };
  }
  throw new Error(`the packet filter changed ${ATTEMPTS} times while it was read`);
}

/** What there is in our table of one family, without what is in its sets. */
export interface Structure {
  readonly chains: readonly ChainState[];
  readonly sets: readonly SetShape[];
  readonly flowtables: readonly NftFlowtable[];
}

/** A table that is not there holds nothing. `offloads`: can this kernel have flowtables? Else it is not asked for any. */
export function structureOf(netfilter: Channel, family: NftFamily, offloads: boolean): Structure {
  try {
    const shapes = setsOf(netfilter, family);
    // What a rule looks into without a name is part of the rule.
    const inline = new Map(shapes.filter(isAnonymous).map((set) => [set.name, elementsOf(netfilter, set)]));
    const rules = Map.groupBy(rulesOf(netfilter, family), ({ chain }) => chain);
    return {
      chains: chainsOf(netfilter, family).map((chain) => withRules(chain, rules.get(chain.name) ?? [], inline)),
      sets: shapes.filter((set) => !isAnonymous(set)),
      flowtables: offloads ? flowtablesOf(netfilter, family) : [],
    };
  } catch (error) {
    if (error instanceof RefusedError && NONE.includes(error.errno)) return { chains: [], sets: [], flowtables: [] };
    throw error;
  }
}

/** One chain with its rules; undefined when it is not there. */
export function chainNamed(netfilter: Channel, family: NftFamily, name: string): ChainState | undefined {
  const fill = (to: MessageWriter) => {
    to.attribute(CHAIN.TABLE, NFT_TABLE);
    to.attribute(CHAIN.NAME, name);
  };
  const chain = netfilter.get({ type: NFT.GETCHAIN, fixed: nftHead(family), fill }, (body) => chainOf(body, family), NONE);
  return chain === undefined ? undefined : withRules(chain, rulesOf(netfilter, family, name), new Map());
}

interface RuleState {
  readonly chain: string;
  readonly digest: string;
  readonly goes: readonly string[];
  readonly looks: readonly string[];
  readonly offloads: readonly string[];
}

function withRules(chain: ChainState, rules: readonly RuleState[], inline: ReadonlyMap<string, readonly NftElement[]>): ChainState {
  const uses = rules.flatMap(({ goes, looks, offloads }) => [
    ...goes.map((name) => nftRef(chain.family, "chain", name)),
    ...offloads.map((name) => nftRef(chain.family, "flowtable", name)),
    ...looks.flatMap((name): readonly Ref[] => {
      const inside = inline.get(name);
      // A set or a map: which of both, a rule does not say.
      return inside === undefined
        ? [nftRef(chain.family, "set", name), nftRef(chain.family, "map", name)]
        : inside.flatMap((element) => element.uses);
    }),
  ]);
  return { ...chain, digests: rules.map(({ digest }) => digest), uses };
}

function chainsOf(netfilter: Channel, family: NftFamily): ChainState[] {
  return netfilter.dump({ type: NFT.GETCHAIN, fixed: nftHead(family) }, (body) => chainOf(body, family));
}

function chainOf(body: Buffer, family: NftFamily): ChainState | undefined {
  const found = attributesIn(body, 4);
  if (textIn(found.get(CHAIN.TABLE)) !== NFT_TABLE) return undefined;
  const chain = { family, name: textIn(found.get(CHAIN.NAME)), digests: [], uses: [] };
  const hook = found.get(CHAIN.HOOK);
  if (hook === undefined) return chain;
  const at = attributesIn(hook);
  const [number, priority] = [at.get(CHAIN.HOOKNUM)?.readUInt32BE(0) ?? 0, at.get(CHAIN.PRIORITY)?.readInt32BE(0) ?? 0];
  const policy = found.get(CHAIN.POLICY)?.readUInt32BE(0) === 0 ? "drop" : "accept";
  return {
    ...chain,
    hook: `type ${textIn(found.get(CHAIN.TYPE))} hook ${hookName(family, number)} priority ${priority}; policy ${policy};`,
  };
}

/** In their order. */
function rulesOf(netfilter: Channel, family: NftFamily, chain?: string): RuleState[] {
  return netfilter.dump(
    {
      type: NFT.GETRULE,
      fixed: nftHead(family),
      fill: (to) => {
        to.attribute(RULE.TABLE, NFT_TABLE);
        if (chain !== undefined) to.attribute(RULE.CHAIN, chain);
      },
    },
    (body) => {
      const found = attributesIn(body, 4);
      const expressions = [...eachAttribute(found.get(RULE.EXPRESSIONS) ?? NOTHING, 0)].map(([, bytes]) => attributesIn(bytes));
      return {
        chain: textIn(found.get(RULE.CHAIN)),
        digest: commentIn(found.get(RULE.USERDATA) ?? NOTHING, RULE_COMMENT),
        goes: expressions.flatMap(targetOf),
        looks: expressions.flatMap(setOf),
        offloads: expressions.flatMap(flowtableOf),
      };
    },
  );
}

const NOTHING = Buffer.alloc(0);

function targetOf(expression: ReadonlyMap<number, Buffer>): string[] {
  if (textIn(expression.get(EXPRESSION.NAME)) !== "immediate") return [];
  const data = attributeIn(expression.get(EXPRESSION.DATA) ?? NOTHING, IMMEDIATE_DATA);
  const verdict = data === undefined ? undefined : attributeIn(data, DATA.VERDICT);
  const chain = verdict === undefined ? "" : verdictIn(verdict).chain;
  return chain === "" ? [] : [chain];
}

function setOf(expression: ReadonlyMap<number, Buffer>): string[] {
  const name = textIn(expression.get(EXPRESSION.NAME));
  if (name !== "lookup" && name !== "dynset") return [];
  return [textIn(attributeIn(expression.get(EXPRESSION.DATA) ?? NOTHING, LOOKUP_SET))];
}

/** `flow add` names its flowtable under the number that `lookup` has for a set. */
function flowtableOf(expression: ReadonlyMap<number, Buffer>): string[] {
  if (textIn(expression.get(EXPRESSION.NAME)) !== "flow_offload") return [];
  return [textIn(attributeIn(expression.get(EXPRESSION.DATA) ?? NOTHING, LOOKUP_SET))];
}
