/** A router's configuration as `set` commands of VyOS. */
import { TOR_LINK_LOCAL } from "../../datacenter/racks.ts";
import { addressesOf } from "../../intent/pnat-pool.ts";
import { contains, prefixOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { commented, titled } from "../lines.ts";
import { withConditions } from "../conditions.ts";
import type { Pnat, RouterConfig } from "../router-config.ts";
import { bfdLines, bgpLines } from "./write-bgp.ts";
import { listLines, policyLines } from "./write-policy.ts";
import { interfacePath, NOTHING, preamble } from "./words.ts";

export function vyosText(plain: RouterConfig): string {
  const config = withConditions(plain);
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ["Interfaces.", interfaceLines(config)],
    ['What ends here: traffic for unassigned addresses is answered "unreachable", as hosts\' routes are longer.', discardLines(config)],
    ["What the policies speak of.", listLines(config)],
    ["Policies: positive lists; what no rule permits is denied.", policyLines(config)],
    ["It tells of routes, and forwards nothing itself.", config.routes === "reflects" ? reflectLines() : []],
    ["BFD.", bfdLines(config)],
    ["Sessions.", bgpLines(config)],
    ["PNAT: private to the outside, and nothing else.", config.pnat === undefined ? [] : pnatLines(config.pnat)],
  ];
  return [...commented("#", preamble(config)), ...titled("#", parts), ""].join("\n");
}

/** Addresses of a pool on the link to the provider have to be answered for there. */
function interfaceLines({ interfaces, pnat }: RouterConfig): readonly string[] {
  return interfaces.flatMap(({ name, side, addresses }) => {
    const head = `set ${interfacePath(name)}`;
    const near =
      pnat !== undefined && name === pnat.uplink && addresses.some(({ ip, length }) => contains(prefixOf(ip, length), pnat.pool.start));
    const pool = near ? addressesOf(pnat.pool).filter((ip) => !addresses.some((own) => own.ip === ip)) : [];
    return [
      `${head} description '${side}'`,
      ...addresses.map(({ ip, length }) => `${head} address ${ip}/${length}`),
      ...(side === "rack" && addresses.length === 0 ? [`${head} address ${TOR_LINK_LOCAL}/64`] : []),
      ...pool.map((ip) => `${head} address ${ip}/32`),
    ];
  });
}

function discardLines({ statics }: RouterConfig): readonly string[] {
  return statics.flatMap(({ prefix, about }) => {
    const head = `set protocols static ${prefix.includes(":") ? "route6" : "route"} ${prefix}`;
    return [`# ${about}`, `${head} reject distance 254`];
  });
}

function reflectLines(): readonly string[] {
  return ["ip", "ipv6"].map((family) => `set system ${family} protocol bgp route-map ${NOTHING}`);
}

/** The number of a rule behind one for each of these. */
const behind = (others: readonly unknown[]): number => Math.max(1000, 10 * (others.length + 1));

/** Rules by number; what one excludes, no later one translates. */
function pnatLines({ sources, except, spared, pool, uplink, log }: Pnat): readonly string[] {
  const rule = (number: number, source: Cidr, lines: readonly string[]) =>
    [`outbound-interface name ${uplink}`, `source address ${source}`, ...lines].map((line) => `set nat source rule ${number} ${line}`);
  const guard = (number: number, source: Cidr, lines: readonly string[]) =>
    [`inbound-interface name ${uplink}`, `destination address ${source}`, ...lines].map(
      (line) => `set firewall ipv4 forward filter rule ${number} ${line}`,
    );
  const each = (prefixes: readonly Cidr[]) => sources.flatMap((source) => prefixes.map((prefix) => ({ source, prefix })));
  const [kept, known] = [each(except), each(spared)];
  return [
    ...kept.flatMap(({ source, prefix }, at) => rule(10 * (at + 1), source, [`destination address ${prefix}`, "exclude"])),
    "# A VM keeps its address of the pool.",
    ...sources.flatMap((source, at) =>
      rule(behind(kept) + 10 * at, source, [
        `translation address ${pool.start}-${pool.end}`,
        "translation options address-mapping persistent",
        ...(log === undefined ? [] : ["log"]),
      ]),
    ),
    "# What belongs to no flow is not translated, so it does not pass either; and nothing new comes in to private addresses.",
    "set firewall global-options state-policy invalid action drop",
    ...known.flatMap(({ source, prefix }, at) => guard(10 * (at + 1), source, [`source address ${prefix}`, "action accept"])),
    ...sources.flatMap((source, at) => guard(behind(known) + 10 * at, source, ["state new", "action drop"])),
  ];
}
