/** Links as iproute2 prints and reads them. */
import { readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import type { InterfaceAddress } from "../net/prefix.ts";
import { listAt, record, records, textAt } from "./json.ts";
import type { Fields } from "./json.ts";
import { OWN_LINK_PREFIX } from "./link.ts";
import type { Link } from "./link.ts";

/** A link as it is: one that is down carries no routes, so for whatever needs it, it is not there. */
export interface LinkState {
  readonly name: string;
  readonly up: boolean;
  readonly addresses: readonly InterfaceAddress[];
}

/** Reads `ip -j addr`. The kernel's own link-local addresses of IPv6 are left out. */
export function readLinks(json: unknown): LinkState[] {
  return records(json, "ip addr")
    .filter((fields) => typeof fields["ifname"] === "string")
    .map((fields) => ({
      name: textAt(fields, "ifname"),
      up: listAt(fields, "flags").includes("UP"),
      addresses: listAt(fields, "addr_info")
        .map((info) => record(info, "ip addr"))
        .flatMap(addressOf),
    }));
}

function addressOf(info: Fields): InterfaceAddress[] {
  const ip = readIp(typeof info["local"] === "string" ? info["local"] : "");
  const length = info["prefixlen"];
  return ip === undefined || typeof length !== "number" || info["scope"] === "link" ? [] : [{ ip, length }];
}

/** What of these speaks of us: our own links, and the facts that are wanted. A wanted link of ours that is down is not there yet. */
export function linksOf(states: readonly LinkState[], want: readonly Link[]): Link[] {
  const wanted = new Set(want.map((link) => link.name));
  return states
    .filter(({ name, up }) => (wanted.has(name) ? up : name.startsWith(OWN_LINK_PREFIX)))
    .map(({ name, addresses }) => (name.startsWith(OWN_LINK_PREFIX) ? { name, own: { addresses: sorted(addresses) } } : { name }));
}

/** In the order that `Link` asks for: by text. */
function sorted(addresses: readonly InterfaceAddress[]): InterfaceAddress[] {
  return addresses.toSorted((left, right) => (textOf(left) < textOf(right) ? -1 : 1));
}

/** Lines for `ip -batch` that give a link of ours, which exists, exactly these addresses. Removals come first. */
export function addressLines(name: string, want: readonly InterfaceAddress[], have: readonly InterfaceAddress[]): string[] {
  const [wanted, held] = [new Set(want.map(textOf)), new Set(have.map(textOf))];
  return [
    ...[...held].filter((text) => !wanted.has(text)).map((text) => `addr del ${text} dev ${name}`),
    `link set ${name} up`,
    ...[...wanted]
      .filter((text) => !held.has(text))
      .map((text) => `addr add ${text} dev ${name} noprefixroute${text.includes(":") ? " nodad" : ""}`),
  ];
}

function textOf({ ip, length }: { readonly ip: Ip; readonly length: number }): string {
  return `${ip}/${length}`;
}
