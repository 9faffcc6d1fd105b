/** A router's configuration for EOS. Translation is refused: what the hardware can of it is far less than a data centre needs. */
import { familyOf } from "../../net/address.ts";
import { communityLists, prefixLists, routeMaps } from "../cli/write-policy.ts";
import { commented, titled } from "../lines.ts";
import type { Refused } from "../platform.ts";
import type { Pnat, RouterConfig, RouterInterface } from "../router-config.ts";
import { bgpLines } from "./write-bgp.ts";
import { ipWord, NOTHING } from "../cli/words.ts";
import { MAP_WORDS, preamble } from "./words.ts";

export function eosText(config: RouterConfig): string {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    [
      "Private addresses neither leave nor are entered from outside, as they are not translated here.",
      config.pnat === undefined ? [] : aclLines(config.pnat),
    ],
    [
      "Interfaces.",
      [
        "service routing protocols model multi-agent",
        "ip routing",
        "ipv6 unicast-routing",
        ...config.interfaces.flatMap((each) => interfaceLines(config.pnat, each)),
      ],
    ],
    ["What ends here: traffic for unassigned addresses, as hosts' routes are longer.", discardLines(config)],
    ["What the policies speak of.", listLines(config)],
    [
      "Policies: positive lists; what no entry permits is denied.",
      [...routeMaps(config, MAP_WORDS, "   "), ...(config.routes === "reflects" ? [`route-map ${NOTHING} deny 10`] : [])],
    ],
    ["Sessions.", bgpLines(config)],
  ];
  return [...commented("!", preamble(config)), ...titled("!", parts), "end", ""].join("\n");
}

export function refusedBy({ pnat }: RouterConfig): readonly Refused[] {
  if (pnat === undefined) return [];
  return [
    {
      what: `PNAT of ${pnat.sources.join(", ")}`,
      why: "EOS translates in hardware with small tables, the first packet of each flow in its CPU, and not at all on newer chips",
      beside: [
        `a Linux gateway (--platform bird or frr) that translates to ${pnat.pool.start}-${pnat.pool.end}`,
        `here, private sources do not pass ${pnat.uplink}`,
      ].join("; "),
    },
  ];
}

function interfaceLines(pnat: Pnat | undefined, { name, side, addresses }: RouterInterface): readonly string[] {
  return [
    `interface ${name}`,
    `   description ${side}`,
    ...(/^(Ethernet|Port-Channel)[0-9/]+$/.test(name) ? ["   no switchport"] : []),
    ...addresses.map(({ ip, length }) => `   ${ipWord(familyOf(ip))} address ${ip}/${length}`),
    ...(pnat?.uplink === name ? ["   ip access-group TO-PRIVATE in", "   ip access-group FROM-PRIVATE out"] : []),
  ];
}

function discardLines({ statics }: RouterConfig): readonly string[] {
  return statics.flatMap(({ prefix, about }) => [`! ${about}`, `${ipWord(familyOf(prefix))} route ${prefix} Null0 254`]);
}

/** IPv6 lists are sections here. */
function listLines(config: RouterConfig): readonly string[] {
  return [
    ...prefixLists(config, (name, family, entries) =>
      family === 4
        ? entries.map((entry) => `ip prefix-list ${name} ${entry}`)
        : [`ipv6 prefix-list ${name}`, ...entries.map((entry) => `   ${entry}`)],
    ),
    ...communityLists(config, "ip community-list"),
  ];
}

function aclLines({ sources, spared }: Pnat): readonly string[] {
  const numbered = (entries: readonly string[]) => entries.map((entry, at) => `   ${10 * (at + 1)} ${entry}`);
  const known = sources.flatMap((source) => spared.map((prefix) => [source, prefix] as const));
  return [
    "ip access-list FROM-PRIVATE",
    ...numbered([
      ...known.map(([source, prefix]) => `permit ip ${source} ${prefix}`),
      ...sources.map((source) => `deny ip ${source} any`),
      "permit ip any any",
    ]),
    "ip access-list TO-PRIVATE",
    ...numbered([
      ...known.map(([source, prefix]) => `permit ip ${prefix} ${source}`),
      ...sources.map((source) => `deny ip any ${source}`),
      "permit ip any any",
    ]),
  ];
}
