/** Single values of a data centre file: numbers, names, addresses, prefixes and spans, each with what it must be. */
import { familyOf, readIp } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { firstOf, hostPrefix, prefixOf, readInterfaceAddress } from "../net/prefix.ts";
import type { Cidr, InterfaceAddress } from "../net/prefix.ts";
import { mapping, otherwise, text, unless, whole } from "./form.ts";
import type { Reader } from "./form.ts";
import type { Bfd } from "./data-center.ts";
import { isMapping } from "./source.ts";
import { readSpan } from "./span.ts";
import type { Span } from "./span.ts";
import { unusableFor } from "./special.ts";

/** IANA's autonomous system numbers that no network may have. */
const RESERVED_ASNS: readonly { readonly from: number; readonly to: number; readonly why: string }[] = [
  { from: 23456, to: 23456, why: "AS_TRANS (RFC 6793)" },
  { from: 65535, to: 65535, why: "the last 16-bit number (RFC 7300)" },
  { from: 65552, to: 131071, why: "held back by IANA" },
  { from: 4294967295, to: 4294967295, why: "the last 32-bit number (RFC 7300)" },
];

export const asn: Reader<number> = unless(whole("an AS number", 1, 4294967295), (value) => {
  const hit = RESERVED_ASNS.find(({ from, to }) => from <= value && value <= to);
  return hit === undefined ? undefined : `a reserved AS number: ${hit.why}`;
});

/** A packet every 80 ms; with four missing, gone within 0.4 s. */
export const USUAL_BFD: Bfd = { interval: 80, multiplier: 4 };

const intervals = mapping({
  interval: otherwise(USUAL_BFD.interval, whole("milliseconds between packets", 10, 10_000)),
  multiplier: otherwise(USUAL_BFD.multiplier, whole("a number of packets that may be missing", 2, 50)),
});

/** `on`, `off`, or how often; what is not said of it is as usual. */
export const bfd: Reader<Bfd | "off"> = (source, path) => {
  if (isMapping(source.at(path))) {
    const { interval, multiplier } = intervals(source, path) ?? {};
    return interval === undefined || multiplier === undefined ? undefined : { interval, multiplier };
  }
  const word = oneOf("on", "off")(source, path);
  return word === "on" ? USUAL_BFD : word;
};

/** Of VMs' interfaces. IPv6 needs 1280 (RFC 8200). */
export const mtu: Reader<number> = whole("an MTU", 1280, 65535);

/** Of a file on each machine; it stands in quotes in others' configurations. */
export const absolutePath: Reader<string> = text("an absolute path, without spaces, quotes or backslashes", (value) =>
  /^\/[^\s"'\\\p{C}]+$/u.test(value) && !value.split("/").includes("..") ? value : undefined,
);

/** At least RFC 6888's order of magnitude, and one VM per address at most. */
export const portsPerVm: Reader<number> = whole("a number of ports", 64, 64_512);

/** A host name: labels of letters, digits and hyphens (RFC 1123). It ends up in file names and configurations. */
export const hostName: Reader<string> = text("a host name: letters, digits, hyphens and dots, at most 63 characters", (value) =>
  value.length <= 63 && /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(value)
    ? value
    : undefined,
);

/** Of a Neutron network; people type it after `--network`. */
export const networkName: Reader<string> = text("a network's name: 1 to 255 characters without spaces", (value) =>
  /^[^\s\p{C}]{1,255}$/u.test(value) ? value : undefined,
);

/** IFNAMSIZ is 16, one of which ends the name; `tap…` belongs to VMs. */
export const interfaceName: Reader<string> = unless(
  text("an interface name: letters, digits, dots, hyphens and underscores", (value) =>
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value) ? value : undefined,
  ),
  (value) => {
    if (value.length > 15) return `${value.length} characters; an interface name has at most 15`;
    if (value.startsWith("tap")) return "names that begin with tap belong to VMs";
    return value === "lo" ? "the loopback interface leads nowhere" : undefined;
  },
);

export function address(family?: Family): Reader<Ip> {
  return unless(
    text(`an ${label(family)} address`, (value) => ofFamily(readIp(value), family)),
    (ip) => unusableFor(hostPrefix(ip)),
  );
}

/** A prefix without host bits: what was meant by 10.65.0.1/16 is not for us to guess. */
export function prefix(family: Family): Reader<Cidr> {
  const read = unless(
    text(`an ${label(family)} prefix (address/length)`, (value) => interfaceOf(value, family)),
    (found) => hostBits(found) ?? unusableFor(prefixOf(found.ip, found.length)),
  );
  return (source, path) => {
    const found = read(source, path);
    return found && prefixOf(found.ip, found.length);
  };
}

export function interfaceAddress(family: Family): Reader<InterfaceAddress> {
  const read = text(`an ${label(family)} address with its length (address/length)`, (value) => interfaceOf(value, family));
  return unless(read, ({ ip }) => unusableFor(hostPrefix(ip)));
}

export function span(family: Family): Reader<Span> {
  return text(`a span of ${label(family)} addresses (first-last)`, (value) => {
    const read = readSpan(value);
    return read !== undefined && familyOf(read.start) === family ? read : undefined;
  });
}

export function oneOf<T extends string>(...words: readonly T[]): Reader<T> {
  return text(`one of: ${words.join(", ")}`, (value) => words.find((word) => word === value));
}

function hostBits({ ip, length }: InterfaceAddress): string | undefined {
  const cidr = prefixOf(ip, length);
  return firstOf(cidr) === ip ? undefined : `has bits set beyond its length; the prefix is ${cidr}`;
}

function interfaceOf(value: string, family: Family): InterfaceAddress | undefined {
  const found = readInterfaceAddress(value);
  return found !== undefined && familyOf(found.ip) === family ? found : undefined;
}

function ofFamily(ip: Ip | undefined, family: Family | undefined): Ip | undefined {
  return ip === undefined || family === undefined || familyOf(ip) === family ? ip : undefined;
}

function label(family: Family | undefined): string {
  return family === undefined ? "IP" : `IPv${family}`;
}
