/** Types that only ports have: addresses, address pairs, DHCP options. */
import { isObject, list, may, must, nullMeans, nullable, opaque, record } from "../resource/composites.ts";
import { cidr, ip, ipVersion, mac, oneOf, text, uuid } from "../resource/scalars.ts";
import { invalid, isWrong, reasonOf, refusedAs, unconvertible } from "../resource/type.ts";
import type { Condition, Read, Type, TypeOf, Wrong } from "../resource/type.ts";
import { readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import { pairWithoutAddress } from "./refusals.ts";

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

const pair = record({ ip_address: must(reach), mac_address: may(mac) });

const anyPair: typeof pair = {
  ...pair,
  read: (raw) => (isObject(raw) && raw["ip_address"] === undefined ? refusedAs(pairWithoutAddress) : pair.read(raw)),
};

export const addressPairs = nullMeans([], list(anyPair));
export type AddressPair = TypeOf<typeof addressPairs>[number];

/** What is sent to a DHCP server's configuration is one line of it. */
function line(most: number, least: 0 | 1): Type<string> {
  const plain = text(most);
  return {
    ...plain,
    name: `line(${most})`,
    read: (raw) => {
      const read = plain.read(raw);
      if (isWrong(read)) return read;
      if (/\p{Cc}/u.test(read.value)) return invalid(`'${read.value}' is not one line`);
      return read.value.trim().length < least ? invalid(`'${read.value}' is blank`) : read;
    },
  };
}

const option = record({ opt_name: must(line(64, 1)), opt_value: must(nullable(line(255, 0))), ip_version: may(ipVersion) });

/** Options that mean something without a value: no router, no routes. */
const MAY_BE_BLANK = new Set(["router", "classless-static-route"]);

const anyOption: typeof option = {
  ...option,
  read: (raw) => {
    const read = option.read(raw);
    if (isWrong(read)) return unfit(raw, reasonOf(read));
    const { opt_name: name, opt_value: value } = read.value;
    return value?.trim() === "" && !MAY_BE_BLANK.has(name) ? unfit(raw, `${name} needs a value`) : read;
  },
};

function unfit(raw: unknown, reason: string): Wrong {
  return unconvertible(`No valid key specs matched for: ${JSON.stringify(raw)}: ${reason}`);
}

export const dhcpOptions = nullMeans([], list(anyOption));
export type DhcpOption = TypeOf<typeof dhcpOptions>[number];

/** Neutron's other kinds of NIC: parts of a network card that the VM is given itself. */
const CARDS = new Set([
  "direct",
  "macvtap",
  "baremetal",
  "direct-physical",
  "virtio-forwarder",
  "smart-nic",
  "vdpa",
  "accelerator-direct",
  "accelerator-direct-physical",
  "remote-managed",
]);

/** How a VM's NIC is made: as a tap. A card's own traffic would pass by the host's routes and its packet filter. */
export const vnicType: Type<"normal"> = {
  ...oneOf("normal"),
  name: "normal",
  read: (raw) =>
    typeof raw === "string" && CARDS.has(raw)
      ? invalid(`'${raw}' is not offered: its traffic would pass by the host, which routes and filters what normal NICs send`)
      : oneOf("normal").read(raw),
};

/** The member of a binding's profile in which Nova says where a VM is moving to. */
export function migratingTo(profile: Readonly<Record<string, unknown>>): string | undefined {
  const { migrating_to: host } = profile;
  return typeof host === "string" && host !== "" ? host : undefined;
}

/** Nova's notes, found by the host that the VM is moving to. */
export const bindingProfile: Type<Readonly<Record<string, unknown>>> = {
  ...opaque,
  name: "profile",
  keys: (profile) => [migratingTo(profile)].filter((host) => host !== undefined),
};
