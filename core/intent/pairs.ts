/** Allowed address pairs hold prefixes; few ports have any, so each distinct list is a chain of its own: of senders, and of what is said about neighbours. */
import type { Endpoint } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { bitsOf, familyOf } from "../net/address.ts";
import { firstOf, lengthOf } from "../net/prefix.ts";
import { arp, contentNames, inet, ports, quoted } from "./nft-parts.ts";
import type { Family } from "./nft-parts.ts";
import { refused } from "./refusal.ts";

interface Use {
  readonly family: Family;
  /** The map that leads there, and how the chains are called. */
  readonly map: string;
  readonly prefix: string;
  readonly rules: (endpoint: Endpoint) => readonly string[];
}

const USES: readonly Use[] = [
  { family: inet, map: "pairs", prefix: "pairs", rules: (endpoint) => [...senders(endpoint), refused("forged")] },
  { family: arp, map: "pairs", prefix: "pairs", rules: (endpoint) => [...arpSenders(endpoint), "counter drop"] },
  { family: inet, map: "paired-targets", prefix: "targets", rules: (endpoint) => [...targets(endpoint), refused("advert")] },
];

export function pairChains(endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  const owners = endpoints.filter(({ pairs, port_security, admin_state_up }) => pairs.length > 0 && port_security && admin_state_up);
  return USES.flatMap(({ family, map, prefix, rules }) => {
    const texts = new Map(owners.map((owner) => [owner, rules(owner).join("\n")]));
    const names = contentNames(prefix, texts.values());
    const chains = [...names].map(([text, name]) => ({
      value: family.chain(name, text.split("\n")),
      because: owners.filter((owner) => texts.get(owner) === text).map(ports),
    }));
    const jumps = owners.map((owner) => ({
      value: family.element(map, [quoted(owner.tap)], { value: `goto ${names.get(texts.get(owner) ?? "") ?? ""}` }),
      because: [ports(owner)],
    }));
    return [...chains, ...jumps];
  });
}

function senders({ pairs }: Endpoint): string[] {
  return pairs
    .map(({ prefix, mac }) => {
      const four = familyOf(prefix) === 4;
      const source = lengthOf(prefix) === 0 ? `meta nfproto ipv${four ? 4 : 6}` : `${four ? "ip" : "ip6"} saddr ${prefix}`;
      return `ether saddr ${mac} ${source} return`;
    })
    .toSorted();
}

/** The last word is `drop`: without an IPv4 pair nothing more is let through. */
function arpSenders({ pairs }: Endpoint): string[] {
  const four = pairs.filter(({ prefix }) => familyOf(prefix) === 4);
  return four
    .map(({ prefix, mac }) => `arp saddr ether ${mac}${lengthOf(prefix) === 0 ? "" : ` arp saddr ip ${prefix}`} accept`)
    .toSorted();
}

/** The target lies 64 bits into the message; nft compares as many of its bits as the prefix is long, in steps that it can read. */
function targets({ pairs }: Endpoint): string[] {
  const six = pairs.filter(({ prefix }) => familyOf(prefix) === 6);
  return six
    .map(({ prefix, mac }) => {
      const [length, bits] = [lengthOf(prefix), bitsOf(firstOf(prefix))];
      const parts = [0, 32, 64, 96].flatMap((at) => {
        const size = Math.min(32, length - at);
        return size <= 0
          ? []
          : [`@th,${64 + at},${size} 0x${((bits >> BigInt(128 - at - size)) & ((1n << BigInt(size)) - 1n)).toString(16)}`];
      });
      return [`ether saddr ${mac}`, ...parts, "return"].join(" ");
    })
    .toSorted();
}
