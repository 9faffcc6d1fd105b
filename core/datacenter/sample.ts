/** For tests: a data centre file as plain data, and the same with one place changed. */
import type { Path } from "./source.ts";

/** The guide's: three ranges, one reflector, two hosts, one gateway. */
export const SAMPLE = {
  name: "guide",
  ranges: { public: "172.18.208.0/24", private: "10.65.0.0/16", ipv6: "2001:db8:a41:2::/63" },
  fabric: { asn: 64512, interface: "fab0", ipv4: "192.168.100.0/24", ipv6: "2001:db8:a41:f::/64" },
  controllers: [{ name: "control", ipv4: "192.168.100.2", ipv6: "2001:db8:a41:f::2" }],
  reflectors: [{ name: "rr1", ipv4: "192.168.100.5", ipv6: "2001:db8:a41:f::5" }],
  hosts: [
    { name: "h1", ipv4: "192.168.100.11", ipv6: "2001:db8:a41:f::11" },
    { name: "h2", ipv4: "192.168.100.12", ipv6: "2001:db8:a41:f::12" },
  ],
  gateways: [
    {
      name: "gw1",
      ipv4: "192.168.100.1",
      ipv6: "2001:db8:a41:f::1",
      upstream: {
        asn: 64499,
        interface: "wan0",
        ipv4: { address: "198.51.100.2/28", peer: "198.51.100.1" },
        ipv6: { address: "2001:db8:ffff::2/64", peer: "2001:db8:ffff::1" },
      },
      pnat: "198.51.100.8-198.51.100.11",
    },
  ],
  dns: ["203.0.113.53", "2001:db8:feed::53"],
} as const;

/** A gateway beside the one of the sample, on the same link. */
export const SECOND = {
  name: "gw2",
  ipv4: "192.168.100.3",
  ipv6: "2001:db8:a41:f::3",
  upstream: { asn: 64499, interface: "wan0", ipv4: { address: "198.51.100.3/28", peer: "198.51.100.1" } },
  pnat: "198.51.100.12-198.51.100.13",
} as const;

/** The sample with these places changed; undefined takes a place out. */
export function changed(...changes: readonly (readonly [Path, unknown])[]): unknown {
  return changes.reduce<unknown>((document, [path, value]) => altered(document, path, value), SAMPLE);
}

function altered(document: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(document)) {
    return Array.from({ length: Math.max(document.length, Number(key) + 1) }, (_, at) => {
      const item: unknown = document[at];
      return at === key ? altered(item, rest, value) : item;
    });
  }
  const fields = typeof document === "object" && document !== null ? Object.entries(document) : [];
  const inner: unknown = altered(Object.fromEntries(fields)[key], rest, value);
  return Object.fromEntries([...fields.filter(([name]) => name !== key), ...(inner === undefined ? [] : [[key, inner]])]);
}
