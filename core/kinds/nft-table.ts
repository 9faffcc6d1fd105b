/** What a host has in one table of nftables, as far as we made it. */
import type { Ref } from "./kind.ts";
import type { NftElement, NftFamily, NftFlowtable } from "./nft.ts";

/** One table. Rules and set types are known by the digests in their comments: the kernel does not know what text they were made from. */
export interface NftTable {
  readonly chains: readonly ChainState[];
  readonly sets: readonly SetState[];
  readonly flowtables: readonly NftFlowtable[];
}

export interface ChainState {
  readonly family: NftFamily;
  readonly name: string;
  /** Of base chains, with the priority as a number. */
  readonly hook?: string;
  /** The rules' comments, in order; "" where there is none. */
  readonly digests: readonly string[];
  readonly uses: readonly Ref[];
}

export interface SetState {
  readonly object: "set" | "map";
  readonly family: NftFamily;
  readonly name: string;
  readonly digest: string;
  /** What is in it, but for what rules put there. */
  readonly elements: readonly NftElement[];
}
