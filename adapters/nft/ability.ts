/** Can this kernel offload flows? It is asked to make what is needed for it, and takes it back before anybody sees it. */
import { FLOWTABLE } from "#core/intent/offload.ts";
import { nftLibrary } from "./library.ts";
import { NFT_TABLE } from "./script.ts";

const TRIAL = `table inet ${NFT_TABLE}-trial {
  flowtable ${FLOWTABLE.name} { ${FLOWTABLE.hook} }
  chain fast-path { ct state established flow add @${FLOWTABLE.name}; }
}
`;

/** `netns`: as `ip netns` knows it; absent: the namespace of this process. */
export function canOffload(netns?: string): boolean {
  return nftLibrary(netns).check(TRIAL);
}
