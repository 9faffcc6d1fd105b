/** PNAT on an SRX: source NAT between two interfaces. Exceptions come first; the first rule that matches is the one. */
import { contains, prefixOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { plainName } from "../lines.ts";
import type { Pnat, RouterConfig } from "../router-config.ts";
import { logical } from "./words.ts";

const SET = "set security nat source rule-set PNAT";

export function pnatLines(config: RouterConfig): readonly string[] {
  const { pnat } = config;
  if (pnat === undefined) return [];
  return [
    "# An SRX passes nothing between interfaces without zones. Own addresses go out, announced ones are reached; which VM may be, its host decides.",
    ...zoneLines(config, pnat),
    `set security nat source pool PNAT address ${pnat.pool.start}/32 to ${pnat.pool.end}/32`,
    ...sharingLines(pnat),
    "# Warn from 80 % of the ports in use.",
    "set security nat source pool-utilization-alarm raise-threshold 80",
    ...proxyLines(config, pnat),
    `${SET} from interface ${logical(pnat.inside)}`,
    `${SET} to interface ${logical(pnat.uplink)}`,
    ...pnat.except.flatMap((prefix, at) => ruleLines(`EXCEPT-${at + 1}`, pnat, { towards: prefix, action: "off" })),
    ...ruleLines("PRIVATE", pnat, { action: "pool PNAT" }),
  ];
}

/** Blocks of ports that follow from a VM's address give it an address of the pool as well. */
function sharingLines({ sources, ports }: Pnat): readonly string[] {
  const head = "set security nat source pool PNAT";
  // A pool knows one range of addresses; where there are two, that is refused.
  const [source, ...others] = sources;
  if (ports === undefined || source === undefined || others.length > 0)
    return ["# A VM keeps its address of the pool.", `${head} address-pooling paired`];
  return [
    "# Address and ports follow from the VM's own address.",
    `${head} port deterministic block-size ${ports}`,
    `${head} port deterministic host address ${source}`,
  ];
}

interface Rule {
  readonly towards?: string;
  readonly action: string;
}

function ruleLines(name: string, { sources }: Pnat, { towards, action }: Rule): readonly string[] {
  const head = `${SET} rule ${name}`;
  return [
    ...sources.map((source) => `${head} match source-address ${source}`),
    ...(towards === undefined ? [] : [`${head} match destination-address ${towards}`]),
    `${head} then source-nat ${action}`,
  ];
}

/** A pool on the link to the provider has to be answered for there. */
function proxyLines({ interfaces }: RouterConfig, { pool, uplink }: Pnat): readonly string[] {
  const link = interfaces.find(({ name }) => name === uplink);
  const near = link?.addresses.some(({ ip, length }) => contains(prefixOf(ip, length), pool.start)) ?? false;
  return near ? [`set security nat proxy-arp interface ${logical(uplink)} address ${pool.start}/32 to ${pool.end}/32`] : [];
}

function zoneLines({ statics, originated }: RouterConfig, { sources, spared, inside, uplink, log }: Pnat): readonly string[] {
  const zones = [
    ["fabric", inside],
    ["outside", uplink],
  ] as const;
  const own = statics.map(({ prefix }) => prefix);
  return [
    ...zones.flatMap(([zone, name]) => [
      `set security zones security-zone ${zone} interfaces ${logical(name)}`,
      `set security zones security-zone ${zone} host-inbound-traffic protocols bgp`,
      `set security zones security-zone ${zone} host-inbound-traffic protocols bfd`,
      `set security zones security-zone ${zone} host-inbound-traffic system-services ping`,
    ]),
    ...[...own, ...spared].map((prefix) => `set security address-book global address ${addressName(prefix)} ${prefix}`),
    ...passing(
      ["fabric", "outside"],
      own.map((prefix) => `source-address ${addressName(prefix)}`),
      ["destination-address any"],
    ),
    ...(log === undefined ? [] : ["set security policies from-zone fabric to-zone outside policy own then log session-init"]),
    ...passing(
      ["outside", "fabric"],
      originated.map(({ prefix }) => `destination-address ${addressName(prefix)}`),
      ["source-address any"],
    ),
    ...passing(
      ["outside", "fabric"],
      spared.map((prefix) => `source-address ${addressName(prefix)}`),
      sources.map((source) => `destination-address ${addressName(source)}`),
      "spared",
    ),
    "set security forwarding-options family inet6 mode flow-based",
    "# Another gateway may have seen the first packet of a flow that is not translated.",
    "set security flow tcp-session no-syn-check",
    "set security flow tcp-session no-sequence-check",
  ];
}

const addressName = (prefix: Cidr): string => plainName(`own-${prefix.replaceAll(/[:./]+/g, "-")}`);

/** What no policy permits between two zones is dropped. */
function passing(
  [from, to]: readonly [string, string],
  ours: readonly string[],
  others: readonly string[],
  policy = "own",
): readonly string[] {
  const head = `set security policies from-zone ${from} to-zone ${to} policy ${policy}`;
  const lines = [...ours.map((each) => `match ${each}`), ...others.map((each) => `match ${each}`), "match application any", "then permit"];
  return ours.length > 0 ? lines.map((line) => `${head} ${line}`) : [];
}
