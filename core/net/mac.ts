/**
 * MAC addresses as values: six lower-case octets with colons.
 */
import { bitsOf, ipOf } from "./address.ts";
import type { Ip } from "./address.ts";
import { firstOf } from "./prefix.ts";
import type { Cidr } from "./prefix.ts";

declare const mac: unique symbol;
export type Mac = string & { readonly [mac]: true };

/** Reads `fa:16:3e:..`, dashes, dots (`fa16.3e00.0001`) and bare digits, as Neutron does; undefined for anything else. */
export function readMac(text: string): Mac | undefined {
  const shapes = /^([0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f]{2}(-[0-9a-f]{2}){5}|[0-9a-f]{4}(\.[0-9a-f]{4}){2}|[0-9a-f]{12})$/;
  const lower = text.toLowerCase();
  if (!shapes.test(lower)) return undefined;
  return macOf(lower.replaceAll(/[^0-9a-f]/g, ""));
}

/**
 * The MAC of the host's end of a VM's tap: the VM's with first octet `fe` (libvirt's convention).
 * It depends on the VM alone, so the VM's default router is the same on every host.
 */
export function hostSideMac(vm: Mac): Mac {
  return `fe${vm.slice(2)}` as Mac;
}

/** The modified EUI-64 address of a MAC in a /64 (RFC 4291, appendix A). */
export function eui64(prefix: Cidr, owner: Mac): Ip {
  const [a, b, c, d, e, f] = owner.split(":").map((octet) => Number.parseInt(octet, 16)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const octets = [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
  const low = octets.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
  return ipOf(6, bitsOf(firstOf(prefix)) | low);
}

/** The link-local address that a kernel gives an interface with this MAC. */
export function linkLocal(owner: Mac): Ip {
  return eui64("fe80::/64" as Cidr, owner);
}

/** A MAC from 24 bits of chance under Neutron's `base_mac` fa:16:3e. */
export function chosenMac(chance: number): Mac {
  return macOf(`fa163e${(chance & 0xffffff).toString(16).padStart(6, "0")}`);
}

function macOf(digits: string): Mac {
  return (digits.match(/../g) ?? []).join(":") as Mac;
}
