/** Types that only ports have: addresses, address pairs, DHCP options. */
import { list, may, must, nullMeans, nullable, record } from "../resource/composites.ts";
import { cidr, ip, ipVersion, mac, text, uuid } from "../resource/scalars.ts";
import { isWrong, reasonOf, unconvertible } from "../resource/type.ts";
import type { Condition, Read, Type, TypeOf } from "../resource/type.ts";
import { readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";

/** Neutron's former limit was five; some limit there must be, or one port could take a whole subnet. */
const MOST_ADDRESSES = 100;

const wished = list(
  record({ subnet_id: may(uuid), ip_address: may(ip) }, unconvertible("IP allocation requires subnet_id or ip_address")),
  { most: { length: MOST_ADDRESSES, reason: "Exceeded maximum amount of fixed ips per port" } },
);

/** What a client wishes for, by subnet or by address; what a port has names both. */
export type Wish = TypeOf<typeof wished>[number];

/** One address of a port, and the subnet that it is from. */
export interface FixedIp {
  readonly subnet_id: string;
  readonly ip_address: Ip;
}

/** Filtered by `ip_address=…`, `subnet_id=…`, `ip_address_substr=…`: one of each kind, and all kinds. */
export const fixedIps: Type<readonly Wish[]> = { ...wished, name: "fixed addresses", filter: filterFixedIps };

const FILTERS = ["subnet_id", "ip_address", "ip_address_substr"];

function filterFixedIps(texts: readonly string[]): Read<Condition<readonly Wish[]>> {
  const wanted = new Map<string, string[]>();
  for (const text of texts) {
    const at = text.indexOf("=");
    const name = text.slice(0, at);
    if (at < 0) return unconvertible(`'${text}' is not of the form <key>=[value]`);
    if (!FILTERS.includes(name)) return unconvertible(`'${name}' is not one of ${FILTERS.join(", ")}`);
    wanted.set(name, [...(wanted.get(name) ?? []), text.slice(at + 1)]);
  }
  const has = (value: readonly Wish[], name: string, those: readonly string[]) =>
    value.some((fixed) => those.some((that) => found(fixed, name, that)));
  const holds = (value: readonly Wish[]) => [...wanted].every(([name, those]) => has(value, name, those));
  const keys = keysOf(wanted);
  return { value: keys === undefined ? { holds } : { holds, keys } };
}

/** Whole addresses and subnets are in the index, parts of addresses are not. */
function keysOf(wanted: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const addresses = wanted.get("ip_address")?.map((text) => `ip_address=${readIp(text) ?? text}`);
  return addresses ?? wanted.get("subnet_id")?.map((id) => `subnet_id=${id}`);
}

function found(fixed: Wish, name: string, that: string): boolean {
  if (name === "subnet_id") return fixed.subnet_id === that;
  if (name === "ip_address_substr") return fixed.ip_address?.includes(that) === true;
  return fixed.ip_address === (readIp(that) ?? that);
}

/** An address or a prefix, told again in the form in which it was given. */
const reach: Type<Ip | Cidr> = {
  ...cidr,
  name: "ip or cidr",
  read: (raw): Read<Ip | Cidr> => (typeof raw === "string" && raw.includes("/") ? cidr.read(raw) : ip.read(raw)),
  key: (query) => ip.key(query),
  order: () => 0,
};

export const addressPairs = nullMeans([], list(record({ ip_address: must(reach), mac_address: may(mac) })));
export type AddressPair = TypeOf<typeof addressPairs>[number];

const option = record({ opt_name: must(text(64)), opt_value: must(nullable(text(255))), ip_version: may(ipVersion) });

const anyOption: typeof option = {
  ...option,
  read: (raw) => {
    const read = option.read(raw);
    return isWrong(read) ? unconvertible(`No valid key specs matched for: ${JSON.stringify(raw)}: ${reasonOf(read)}`) : read;
  },
};

export const dhcpOptions = nullMeans([], list(anyOption));
export type DhcpOption = TypeOf<typeof dhcpOptions>[number];
