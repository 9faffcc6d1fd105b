/** A router's configuration as `set` lines of Junos. */
import { familyOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { covers } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { commented, titled } from "../lines.ts";
import { addressedOf } from "../groups.ts";
import type { Refused } from "../platform.ts";
import type { Addressed } from "../groups.ts";
import { refusedOptions } from "../pnat-options.ts";
import type { DiscardRoute, RouterConfig, RouterInterface } from "../router-config.ts";
import { bgpLines } from "./write-bgp.ts";
import { pnatLines } from "./write-nat.ts";
import { listLines, policyLines } from "./write-policy.ts";
import { familyWord, preamble, unitOf } from "./words.ts";

export function junosText(config: RouterConfig): string {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ["Interfaces.", config.interfaces.flatMap(interfaceLines)],
    [
      'The router, and what ends here: traffic for unassigned addresses is answered "unreachable", as hosts\' routes are longer.',
      routingLines(config),
    ],
    ["What the policies speak of. Of prefixes inside one another Junos looks at the longest alone.", listLines(config)],
    ["Policies: positive lists, each closed by a reject for its family.", policyLines(config)],
    ["Sessions.", bgpLines(config)],
    [
      "GTSM: only the peer itself, one hop away, reaches the BGP port. If lo0 has a filter already, put these terms into it.",
      gtsmLines(config),
    ],
    ["PNAT, on an SRX: private to the outside, and nothing else.", pnatLines(config)],
  ];
  return [...commented("#", preamble(config)), ...titled("#", parts), ""].join("\n");
}

function interfaceLines({ name, side, addresses }: RouterInterface): readonly string[] {
  const [device, unit] = unitOf(name);
  const head = `set interfaces ${device} unit ${unit}`;
  return [
    `${head} description "${side}"`,
    ...addresses.map(({ ip, length }) => `${head} family ${familyWord(ip.includes(":") ? 6 : 4)} address ${ip}/${length}`),
  ];
}

function routingLines(config: RouterConfig): readonly string[] {
  return [
    `set routing-options router-id ${config.routerId}`,
    `set routing-options autonomous-system ${config.asn}`,
    ...(config.neighbors.some(({ gracefulRestart }) => gracefulRestart !== undefined) ? ["set routing-options graceful-restart"] : []),
    ...martianLines(config),
    ...config.statics.flatMap((route) => staticLines(config, route)),
  ];
}

/** Junos holds no routes to these unless it is told to (`show route martians`). */
const MARTIANS = "192.0.0.0/24" as Cidr;

function martianLines({ statics, prefixSets }: RouterConfig): readonly string[] {
  const all = [...statics.map(({ prefix }) => prefix), ...prefixSets.flatMap(({ ranges }) => ranges.map(({ prefix }) => prefix))];
  const held = new Set(all.filter((prefix) => covers(MARTIANS, prefix)));
  return [...held].map((prefix) => `set routing-options martians ${prefix} exact allow`);
}

/** What is not told to anybody cannot be, whatever the policies say: `no-readvertise`. */
function staticLines({ originated }: RouterConfig, { prefix, about }: DiscardRoute): readonly string[] {
  const table = prefix.includes(":") ? "rib inet6.0 static" : "static";
  const head = `set routing-options ${table} route ${prefix}`;
  const own = originated.find((each) => each.prefix === prefix);
  return [`# ${about}`, `${head} reject`, own === undefined ? `${head} no-readvertise` : `${head} community ${own.community}`];
}

/** `ttl 255` is what we send; what is received is judged by a filter, as Junos has no word for it at the session. */
function gtsmLines(config: RouterConfig): readonly string[] {
  const guarded = addressedOf(config).filter(({ gtsm }) => gtsm !== undefined);
  return filterable(config).flatMap((family) => {
    const peers = guarded.filter(({ address }) => address.includes(":") === (family === 6));
    return peers.length > 0 ? gtsmFilter(familyWord(family), peers) : [];
  });
}

/** An SRX, which is what translates, has no `hop-limit-except`. */
function filterable({ pnat }: RouterConfig): readonly Family[] {
  return pnat === undefined ? [4, 6] : [4];
}

export function refusedBy(config: RouterConfig): readonly Refused[] {
  const far = addressedOf(config).filter(({ gtsm, address }) => gtsm !== undefined && !filterable(config).includes(familyOf(address)));
  return [
    ...far.map(({ name }) => ({
      what: `GTSM with ${name} over IPv6`,
      why: "a filter of an SRX does not know the hop limit of what it receives",
      beside: "a password on the session; what this end sends has a hop limit of 255",
    })),
    ...refusedOptions(config.pnat, {
      ...((config.pnat?.sources.length ?? 0) > 1 && { ports: "an SRX counts ports by the place in one range, and here are two" }),
      cone: "an SRX lets anybody answer only where a policy lets new flows in to private addresses",
    }),
  ];
}

function gtsmFilter(family: "inet" | "inet6", peers: readonly Addressed[]): readonly string[] {
  const head = `set firewall family ${family} filter GTSM-${family.toUpperCase()} term`;
  const [protocol, hops] = family === "inet" ? ["protocol tcp", "ttl-except 255"] : ["next-header tcp", "hop-limit-except 255"];
  return [
    ...peers.map(({ address }) => `${head} far from source-address ${address}/${family === "inet" ? 32 : 128}`),
    ...[`from ${protocol}`, "from port bgp", `from ${hops}`, "then discard"].map((line) => `${head} far ${line}`),
    `${head} others then accept`,
    `set interfaces lo0 unit 0 family ${family} filter input GTSM-${family.toUpperCase()}`,
  ];
}
