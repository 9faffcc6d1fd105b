/** A data centre as large as is asked about: 1,000 hosts in 40 racks, two reflectors, four gateways. */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { readDataCenter } from "#core/datacenter/read.ts";

const [RACKS, HOSTS_IN_RACK, GATEWAYS] = [40, 25, 4] as const;

export function largeSite(): DataCenter {
  const reading = readDataCenter(document());
  if (!reading.ok) throw new Error(reading.findings.map(({ message }) => message).join("\n"));
  return reading.value;
}

const core = (name: string, at: number) => ({ name, ipv4: `192.168.0.${at}`, ipv6: `2001:db8:f::${at.toString(16)}` });
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

function document() {
  return {
    name: "large",
    ranges: { public: "172.18.0.0/16", private: "10.64.0.0/12", ipv6: "2001:db8:a41:2::/63" },
    fabric: { asn: 64512, interface: "fab0", ipv4: "192.168.0.0/24", ipv6: "2001:db8:f::/64" },
    controllers: [core("control", 9)],
    reflectors: [core("rr1", 5), core("rr2", 6)],
    racks: numbers(RACKS).map((at) => ({
      name: `rack${at}`,
      ipv4: `192.168.${100 + at}.0/24`,
      ipv6: `2001:db8:f:${(100 + at).toString(16)}::/64`,
      tor: {
        ...core(`tor${at}`, 100 + at),
        interface: "rack0",
        rack4: `192.168.${100 + at}.1`,
        rack6: `2001:db8:f:${(100 + at).toString(16)}::1`,
      },
    })),
    hosts: numbers(RACKS * HOSTS_IN_RACK).map((at) => {
      const [rack, place] = [Math.floor(at / HOSTS_IN_RACK), 11 + (at % HOSTS_IN_RACK)];
      const ipv6 = `2001:db8:f:${(100 + rack).toString(16)}::${place.toString(16)}`;
      return { name: `h${at}`, rack: `rack${rack}`, ipv4: `192.168.${100 + rack}.${place}`, ipv6 };
    }),
    gateways: numbers(GATEWAYS).map((at) => ({
      ...core(`gw${at}`, 10 + at),
      upstream: {
        asn: 64499,
        interface: "wan0",
        ipv4: { address: `198.51.100.${2 + at}/27`, peer: "198.51.100.1" },
        ipv6: { address: `2001:db8:ffff::${2 + at}/64`, peer: "2001:db8:ffff::1" },
      },
      pnat: `172.18.255.${at * 32 + 1}-172.18.255.${at * 32 + 30}`,
    })),
  };
}
