/** A router's configuration for IOS-XE. */
import { bitsOf, familyOf } from "../../net/address.ts";
import { firstOf, lastOf, lengthOf, prefixOf } from "../../net/prefix.ts";
import { communityLists, prefixLists, routeMaps } from "../cli/write-policy.ts";
import { commented, titled } from "../lines.ts";
import { withConditions } from "../conditions.ts";
import type { Pnat, RouterConfig, RouterInterface } from "../router-config.ts";
import { bgpLines } from "./write-bgp.ts";
import { NOTHING } from "../cli/words.ts";
import { MAP_WORDS, masked, maskOf, preamble, wildcard } from "./words.ts";

export function iosxeText(plain: RouterConfig): string {
  const config = withConditions(plain);
  const parts: readonly (readonly [string, readonly string[]])[] = [
    [
      "PNAT: private to the outside, and nothing else. What is not translated neither leaves nor enters.",
      config.pnat === undefined ? [] : pnatLines(config.pnat),
    ],
    [
      "Interfaces.",
      ["ipv6 unicast-routing", "ip bgp-community new-format", ...config.interfaces.flatMap((each) => interfaceLines(config, each))],
    ],
    ["What ends here: traffic for unassigned addresses, as hosts' routes are longer.", discardLines(config)],
    [
      "What the policies speak of.",
      [
        ...prefixLists(config, (name, family, entries) =>
          entries.map((entry) => `${family === 4 ? "ip" : "ipv6"} prefix-list ${name} ${entry}`),
        ),
        ...communityLists(config, "ip community-list standard"),
      ],
    ],
    [
      "Policies: positive lists; what no entry permits is denied.",
      [...routeMaps(config, MAP_WORDS, " "), ...(config.routes === "reflects" ? [`route-map ${NOTHING} deny 10`] : [])],
    ],
    ["Sessions.", bgpLines(config)],
  ];
  return [...commented("!", preamble(config)), ...titled("!", parts), "end", ""].join("\n");
}

function interfaceLines({ pnat, neighbors }: RouterConfig, { name, side, addresses }: RouterInterface): readonly string[] {
  const bfd = neighbors.find((neighbor) => neighbor.bfd !== undefined && addresses.some(({ ip }) => ip === neighbor.local))?.bfd;
  return [
    `interface ${name}`,
    ` description ${side}`,
    ...addresses.map(({ ip, length }) => (familyOf(ip) === 4 ? ` ip address ${ip} ${maskOf(length)}` : ` ipv6 address ${ip}/${length}`)),
    ...(bfd === undefined ? [] : [` bfd interval ${bfd.interval} min_rx ${bfd.interval} multiplier ${bfd.multiplier}`]),
    ...(pnat?.inside === name ? [" ip nat inside"] : []),
    ...(pnat?.uplink === name ? [" ip nat outside", " ip access-group TO-PRIVATE in", " ip access-group FROM-PRIVATE out"] : []),
    " no shutdown",
  ];
}

function discardLines({ statics }: RouterConfig): readonly string[] {
  return statics.flatMap(({ prefix, about }) => [
    `! ${about}`,
    `${familyOf(prefix) === 4 ? "ip" : "ipv6"} route ${masked(prefix)} Null0 254`,
  ]);
}

/** The router answers ARP for a pool on the link to the provider by itself. */
function pnatLines({ sources, except, spared, pool, log }: Pnat): readonly string[] {
  const from = sources.map(wildcard);
  const numbered = (entries: readonly string[]) => entries.map((entry, at) => ` ${10 * (at + 1)} ${entry}`);
  const known = from.flatMap((own) => spared.map((prefix) => [own, wildcard(prefix)] as const));
  return [
    "ip access-list extended PNAT",
    ...numbered([
      ...from.flatMap((own) => except.map((prefix) => `deny ip ${own} ${wildcard(prefix)}`)),
      ...from.map((own) => `permit ip ${own} any`),
    ]),
    "ip access-list extended FROM-PRIVATE",
    ...numbered([
      ...known.map(([own, prefix]) => `permit ip ${own} ${prefix}`),
      ...from.map((own) => `deny ip ${own} any`),
      "permit ip any any",
    ]),
    "ip access-list extended TO-PRIVATE",
    ...numbered([
      ...known.map(([own, prefix]) => `permit ip ${prefix} ${own}`),
      ...from.map((own) => `deny ip any ${own}`),
      "permit ip any any",
    ]),
    `ip nat pool PNAT ${pool.start} ${pool.end} prefix-length ${around(pool)}`,
    "ip nat inside source list PNAT pool PNAT overload",
    "! A VM keeps its address of the pool.",
    "ip nat settings pap",
    ...(log === undefined ? [] : ["ip nat log translations syslog"]),
  ];
}

/** IOS leaves out a pool's addresses that are the first or the last of the network it is said to be in: a network in which they are neither. */
function around({ start, end }: Pnat["pool"]): number {
  let prefix = prefixOf(start, 31);
  while (lengthOf(prefix) > 0 && (bitsOf(lastOf(prefix)) <= bitsOf(end) || firstOf(prefix) === start))
    prefix = prefixOf(start, lengthOf(prefix) - 1);
  return lengthOf(prefix);
}
