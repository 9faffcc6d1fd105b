/**
 * Settings of links, of all links at once: a file each under /proc/sys takes a hundred times as long, and a host with hundreds of VMs has
 * thousands of them. The kernel tells them with its links (IFLA_AF_SPEC in linux/if_link.h; linux/ip.h and linux/ipv6.h number them) and
 * with its tables of neighbours (linux/neighbour.h).
 */
import { AF_INET, AF_INET6 } from "./bytes.ts";
import type { Channel } from "./channel.ts";
import { eachLink } from "./links.ts";
import { attributeIn, textIn } from "./message.ts";

/** Value of the setting at this path below /proc/sys, as its file shows it; undefined: ask the file. */
export type LinkSettings = (path: string) => string | undefined;

const IFLA = { NAME: 3, AF_SPEC: 26 };
const [IFLA_INET_CONF, IFLA_INET6_CONF] = [1, 2];

/** Places in the kernel's lists of numbers. */
const IPV4: Readonly<Record<string, number>> = {
  forwarding: 0,
  proxy_arp: 2,
  accept_redirects: 3,
  send_redirects: 5,
  rp_filter: 7,
  route_localnet: 25,
};
const IPV6: Readonly<Record<string, number>> = { forwarding: 0, mtu: 2, accept_ra: 3, accept_redirects: 4, accept_dad: 27 };

/** One link's lists; empty where it has no such family. */
interface Told {
  readonly index: number;
  readonly ipv4: Buffer;
  readonly ipv6: Buffer;
}

const NOTHING = Buffer.alloc(0);

export function linkSettings(route: Channel): LinkSettings {
  const links = new Map(eachLink(route, toldOf));
  const delays = new Map(proxyDelays(route));
  return (path) => {
    const [, family, table, name = "", setting = "", more] = path.split("/");
    const told = links.get(name);
    if (told === undefined || more !== undefined) return undefined;
    if (table === "neigh") return family === "ipv4" && setting === "proxy_delay" ? delays.get(told.index) : undefined;
    if (table !== "conf") return undefined;
    return family === "ipv4" ? numberAt(told.ipv4, IPV4[setting]) : numberAt(told.ipv6, IPV6[setting]);
  };
}

function numberAt(list: Buffer, place: number | undefined): string | undefined {
  return place === undefined || 4 * place + 4 > list.length ? undefined : String(list.readInt32LE(4 * place));
}

function toldOf(body: Buffer): readonly [name: string, told: Told] {
  const spec = attributeIn(body, IFLA.AF_SPEC, LINK_HEADER) ?? NOTHING;
  const list = (family: number, conf: number) => Buffer.from(attributeIn(attributeIn(spec, family) ?? NOTHING, conf) ?? NOTHING);
  const name = textIn(attributeIn(body, IFLA.NAME, LINK_HEADER));
  return [name, { index: body.readInt32LE(4), ipv4: list(AF_INET, IFLA_INET_CONF), ipv6: list(AF_INET6, IFLA_INET6_CONF) }];
}

/** `ifinfomsg` */
const LINK_HEADER = 16;

const GETNEIGHTBL = 66;
const NDTA_PARMS = 6;
const [NDTPA_IFINDEX, NDTPA_PROXY_DELAY] = [1, 13];

/** By number of the link. The file counts hundredths of a second. */
function proxyDelays(route: Channel): (readonly [link: number, hundredths: string])[] {
  return route.dump({ type: GETNEIGHTBL, fixed: Buffer.from([AF_INET, 0, 0, 0]) }, (body) => {
    const parameters = attributeIn(body, NDTA_PARMS, 4) ?? NOTHING;
    const [link, delay] = [attributeIn(parameters, NDTPA_IFINDEX), attributeIn(parameters, NDTPA_PROXY_DELAY)];
    if (link === undefined || delay === undefined) return undefined;
    const ms = Number(delay.readBigUInt64LE(0));
    return ms % 10 === 0 ? ([link.readUInt32LE(0), String(ms / 10)] as const) : undefined;
  });
}
