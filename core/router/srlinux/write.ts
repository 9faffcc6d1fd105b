/** A router's configuration as `set /` lines of SR Linux. It translates no addresses, and judges no TTL: that is refused. */
import { commented, titled } from "../lines.ts";
import type { Refused } from "../platform.ts";
import type { DiscardRoute, RouterConfig, RouterInterface } from "../router-config.ts";
import { bgpLines } from "./write-bgp.ts";
import { policyLines, setLines } from "./write-policy.ts";
import { DISCARD, INSTANCE, logical, preamble, unitOf } from "./words.ts";

export function srlinuxText(config: RouterConfig): string {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ["Interfaces.", config.interfaces.flatMap((each) => interfaceLines(config, each))],
    ['What ends here: traffic for unassigned addresses is answered "unreachable", as hosts\' routes are longer.', discardLines(config)],
    ["Private addresses stay inside, as they are not translated here.", aclLines(config)],
    ["What the policies speak of.", setLines(config)],
    ["Policies: positive lists, each closed by its default action.", policyLines(config)],
    ["Sessions.", bgpLines(config)],
  ];
  return [...commented("#", preamble(config)), ...titled("#", parts), ""].join("\n");
}

export function refusedBy({ pnat, neighbors }: RouterConfig): readonly Refused[] {
  const guarded = neighbors.filter(({ gtsm }) => gtsm !== undefined);
  const beyond = neighbors.filter(({ asn, localAsn, families }) => asn !== localAsn && families.some(({ nextHop }) => nextHop === "kept"));
  return [
    ...(pnat === undefined
      ? []
      : [
          {
            what: `PNAT of ${pnat.sources.join(", ")}`,
            why: "SR Linux translates no addresses",
            beside: [
              `a Linux gateway (--platform bird or frr) that translates to ${pnat.pool.start}-${pnat.pool.end}`,
              `here, private sources do not pass ${logical(pnat.uplink)}`,
            ].join("; "),
          },
        ]),
    ...beyond.map(({ name, asn }) => ({
      what: `next hops as they were heard, towards ${name} of AS ${asn}`,
      why: "SR Linux 25.3 keeps them on eBGP where sender, receiver and next hop are on one segment (RFC 4271, 5.1.3), but cannot be told to",
      beside: "racks of the fabric's AS, or a reflector of another platform; on one segment, as the core is, it works as it is",
    })),
    ...guarded.map(({ name }) => ({
      what: `GTSM with ${name}`,
      why: "SR Linux 25.3 does not judge the TTL of what a BGP neighbour sends",
      beside: "a password on the session, or a control-plane filter that knows the neighbour",
    })),
  ];
}

function interfaceLines({ neighbors }: RouterConfig, { name, side, addresses }: RouterInterface): readonly string[] {
  const [device, index] = unitOf(name);
  const head = `set / interface ${device}`;
  const families = [...new Set(addresses.map(({ ip }) => (ip.includes(":") ? "ipv6" : "ipv4")))];
  const bfd = neighbors.find((neighbor) => neighbor.bfd !== undefined && addresses.some(({ ip }) => ip === neighbor.local))?.bfd;
  const watch = (line: string) => `set / bfd subinterface ${logical(name)} ${line}`;
  return [
    `${head} admin-state enable`,
    `${head} subinterface ${index} description "${side}"`,
    `${head} subinterface ${index} admin-state enable`,
    ...families.map((family) => `${head} subinterface ${index} ${family} admin-state enable`),
    ...addresses.map(({ ip, length }) => `${head} subinterface ${index} ${ip.includes(":") ? "ipv6" : "ipv4"} address ${ip}/${length}`),
    `${INSTANCE} interface ${logical(name)}`,
    ...(bfd === undefined
      ? []
      : [
          watch("admin-state enable"),
          watch(`desired-minimum-transmit-interval ${bfd.interval * 1000}`),
          watch(`required-minimum-receive ${bfd.interval * 1000}`),
          watch(`detection-multiplier ${bfd.multiplier}`),
        ]),
  ];
}

function discardLines(config: RouterConfig): readonly string[] {
  const route = ({ prefix, about }: DiscardRoute) => {
    const own = config.originated.find((each) => each.prefix === prefix);
    const heard = own?.whileHeard === undefined ? [] : [`# SR Linux announces it even while nothing of ${own.whileHeard} is heard.`];
    return [`# ${about}`, ...heard, `${INSTANCE} static-routes route ${prefix} next-hop-group ${DISCARD}`];
  };
  if (config.statics.length === 0) return [];
  return [`${INSTANCE} next-hop-groups group ${DISCARD} blackhole generate-icmp true`, ...config.statics.flatMap(route)];
}

function aclLines({ pnat }: RouterConfig): readonly string[] {
  if (pnat === undefined) return [];
  const [device, index] = unitOf(pnat.uplink);
  const port = `set / acl interface ${logical(pnat.uplink)}`;
  const ways = [
    ["FROM-PRIVATE", "source-ip", "destination-ip", "output"],
    ["TO-PRIVATE", "destination-ip", "source-ip", "input"],
  ] as const;
  const known = pnat.sources.flatMap((source) => pnat.spared.map((prefix) => [source, prefix] as const));
  const entry = (name: string, at: number, lines: readonly string[]) =>
    lines.map((line) => `set / acl acl-filter ${name} type ipv4 entry ${10 * (at + 1)} ${line}`);
  return [
    `${port} interface-ref interface ${device}`,
    `${port} interface-ref subinterface ${index}`,
    ...ways.flatMap(([name, end, far, way]) => [
      ...known.flatMap(([source, prefix], at) =>
        entry(name, at, [`match ipv4 ${end} prefix ${source}`, `match ipv4 ${far} prefix ${prefix}`, "action accept"]),
      ),
      ...pnat.sources.flatMap((source, at) => entry(name, known.length + at, [`match ipv4 ${end} prefix ${source}`, "action drop"])),
      ...entry(name, known.length + pnat.sources.length, ["action accept"]),
      `${port} ${way} acl-filter ${name} type ipv4`,
    ]),
  ];
}
