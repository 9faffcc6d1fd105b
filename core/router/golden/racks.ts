/**
 * A router of a rack that is an AS of its own, and the reflector that it speaks with: what it takes from either side it tells the other as
 * reached through itself, and the reflector keeps next hops across the border of the AS.
 */
import { readIp } from "../../net/address.ts";
import type { Family, Ip } from "../../net/address.ts";
import { readCidr } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import type { Policy, PrefixSet, Settings, Term } from "../policy.ts";
import type { Neighbor, NeighborFamily, RouterConfig } from "../router-config.ts";

const FABRIC = 64512;
const RACK = 65101;

function ip(text: string): Ip {
  const read = readIp(text);
  if (read === undefined) throw new Error(text);
  return read;
}

function cidr(text: string): Cidr {
  const read = readCidr(text);
  if (read === undefined) throw new Error(text);
  return read;
}

const FAMILIES = [4, 6] as const;
const SEGMENT = { 4: cidr("192.168.101.0/24"), 6: cidr("2001:db8:a41:101::/64") } as const;
const CORE = { 4: cidr("192.168.100.0/24"), 6: cidr("2001:db8:a41:f::/64") } as const;
const TOR_CORE = { 4: ip("192.168.100.101"), 6: ip("2001:db8:a41:f::101") } as const;
const TOR_RACK = { 4: ip("192.168.101.1"), 6: ip("2001:db8:a41:101::1") } as const;
const HOST = { 4: ip("192.168.101.11"), 6: ip("2001:db8:a41:101::11") } as const;
const REFLECTOR = { 4: ip("192.168.100.5"), 6: ip("2001:db8:a41:f::5") } as const;
const RANGES = { 4: [cidr("172.18.208.0/24"), cidr("10.65.0.0/16")], 6: [cidr("2001:db8:a41:2::/63")] } as const;
const COLOURS = { "from-fabric": "64512:5", "from-rack": "64512:6", segment: "64512:7" } as const;

const timers = { hold: 30, keepalive: 10, connectRetry: 1 };
const lengthOf = (prefix: Cidr) => Number(prefix.split("/")[1]);
const exactly = (prefix: Cidr) => ({ prefix, least: lengthOf(prefix), most: lengthOf(prefix) });

const SETS: readonly PrefixSet[] = FAMILIES.flatMap((family) => {
  const width = family === 4 ? 32 : 128;
  const anywhere = cidr(family === 4 ? "0.0.0.0/0" : "::/0");
  const set = (what: string, ranges: PrefixSet["ranges"]): PrefixSet => ({ name: `${what}-IPV${family}`, family, ranges });
  return [
    set("ANYWHERE", [exactly(anywhere)]),
    set(
      "ENDPOINTS",
      RANGES[family].map((prefix) => ({ prefix, least: width, most: width })),
    ),
    set("MACHINES", [CORE[family], SEGMENT[family]].map(exactly)),
    set("PLACES-OF-tor1", [exactly(SEGMENT[family])]),
  ];
});

function term(name: string, list: string, family: Family, more: Partial<Term> = {}): Term {
  return { name, verdict: "accept", ...more, when: [{ prefixes: `${list}-IPV${family}` }, ...(more.when ?? [])] };
}

const policy = (name: string, family: Family, terms: readonly Term[]): Policy => ({
  name: `${name}-IPV${family}`,
  terms,
  otherwise: "reject",
});

function torPolicies(family: Family): readonly Policy[] {
  const [fabric, rack]: readonly Settings[] = [{ communities: [COLOURS["from-fabric"]] }, { communities: [COLOURS["from-rack"]] }];
  const heard = (more: Partial<Term> = {}) => [
    term("default", "ANYWHERE", family, more),
    term("machines", "MACHINES", family, more),
    term("endpoints", "ENDPOINTS", family, more),
  ];
  return [
    policy("FROM-CORE", family, heard(fabric === undefined ? {} : { set: fabric })),
    policy("TO-CORE", family, [
      term("segment", "PLACES-OF-tor1", family, { when: [{ community: COLOURS.segment }] }),
      term("endpoints", "ENDPOINTS", family, { when: [{ community: COLOURS["from-rack"] }] }),
    ]),
    policy("FROM-h1", family, [
      term("endpoints", "ENDPOINTS", family, { when: [{ nextHop: [HOST[family]] }], ...(rack === undefined ? {} : { set: rack }) }),
    ]),
    policy("TO-HOSTS", family, heard()),
  ];
}

type Told = Pick<NeighborFamily, "nextHop" | "addPaths"> & Partial<NeighborFamily>;

/** Sessions run over IPv4 and carry both families. */
function families(taken: string, told: string, self: Readonly<Record<Family, Ip>>, rest: Told): readonly NeighborFamily[] {
  return FAMILIES.map((family) => ({
    family,
    import: `${taken}-IPV${family}`,
    export: `${told}-IPV${family}`,
    ...(family === 6 ? { localNextHop: self[6] } : {}),
    ...rest,
  }));
}

const common = { timers, gracefulRestart: { time: 30 } } as const;

const TOR_NEIGHBORS: readonly Neighbor[] = [
  {
    ...common,
    name: "rr1",
    role: "reflector",
    address: REFLECTOR[4],
    local: TOR_CORE[4],
    localAsn: RACK,
    asn: FABRIC,
    connects: "both",
    families: families("FROM-CORE", "TO-CORE", TOR_CORE, { nextHop: "self", addPaths: "both" }),
  },
  {
    ...common,
    name: "h1",
    role: "host",
    address: HOST[4],
    local: TOR_RACK[4],
    localAsn: RACK,
    asn: RACK,
    connects: "passive",
    families: families("FROM-h1", "TO-HOSTS", TOR_RACK, {
      client: "reflector client",
      maximum: { prefixes: 10_000, warn: 80 },
      nextHop: "self",
      addPaths: "none",
    }),
  },
];

const shell = {
  site: "racks",
  communities: Object.entries(COLOURS).map(([name, value]) => ({ name, value })),
  prefixSets: SETS,
} as const;

export const TOR: RouterConfig = {
  ...shell,
  name: "tor1",
  role: "tor",
  asn: RACK,
  routerId: TOR_CORE[4],
  clusterId: TOR_CORE[4],
  interfaces: [
    {
      name: "fab0",
      side: "fabric",
      addresses: [
        { ip: TOR_CORE[4], length: 24 },
        { ip: TOR_CORE[6], length: 64 },
      ],
    },
    {
      name: "rack0",
      side: "rack",
      addresses: [
        { ip: TOR_RACK[4], length: 24 },
        { ip: TOR_RACK[6], length: 64 },
      ],
    },
  ],
  policies: FAMILIES.flatMap(torPolicies),
  statics: FAMILIES.flatMap((family) => RANGES[family].map((prefix) => ({ prefix, about: "no endpoint of it is known" }))),
  originated: FAMILIES.map((family) => ({ prefix: SEGMENT[family], community: COLOURS.segment })),
  neighbors: TOR_NEIGHBORS,
  routes: "forwards",
};

function reflectorPolicies(family: Family): readonly Policy[] {
  const itself = { when: [{ nextHop: [TOR_CORE[family]] }] };
  return [
    policy("FROM-tor1", family, [term("places", "PLACES-OF-tor1", family, itself), term("endpoints", "ENDPOINTS", family, itself)]),
    policy("TO-RACKS", family, [
      term("default", "ANYWHERE", family),
      term("machines", "MACHINES", family),
      term("endpoints", "ENDPOINTS", family),
    ]),
  ];
}

export const REFLECTOR_OF_RACKS: RouterConfig = {
  ...shell,
  name: "rr1",
  role: "reflector",
  asn: FABRIC,
  routerId: REFLECTOR[4],
  clusterId: REFLECTOR[4],
  interfaces: [
    {
      name: "fab0",
      side: "fabric",
      addresses: [
        { ip: REFLECTOR[4], length: 24 },
        { ip: REFLECTOR[6], length: 64 },
      ],
    },
  ],
  policies: FAMILIES.flatMap(reflectorPolicies),
  statics: [],
  originated: [],
  neighbors: [
    {
      ...common,
      name: "tor1",
      role: "tor",
      address: TOR_CORE[4],
      local: REFLECTOR[4],
      localAsn: FABRIC,
      asn: RACK,
      connects: "passive",
      families: families("FROM-tor1", "TO-RACKS", REFLECTOR, {
        nextHop: "kept",
        addPaths: "both",
        maximum: { prefixes: 10_000, warn: 80 },
      }),
    },
  ],
  routes: "reflects",
};
