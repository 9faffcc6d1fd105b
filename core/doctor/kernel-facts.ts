/** What Linux says of itself, read from the JSON of `ip` and the texts below /proc. A text that is none of these is undefined. */
import type { Counters, KernelFacts, LinkFact, NeighbourFact, RouteFact } from "./facts.ts";

type Json = Readonly<Record<string, unknown>>;

/** `ip -j -d addr`. */
export function readLinks(text: string): readonly LinkFact[] | undefined {
  return listIn(text)?.map((link) => {
    const { linkinfo, addr_info: addresses } = link;
    return {
      name: String(link["ifname"]),
      mtu: Number(link["mtu"]),
      kind: isJson(linkinfo) ? String(linkinfo["info_kind"] ?? "") : "",
      up: Array.isArray(link["flags"]) && link["flags"].includes("UP"),
      addresses: (Array.isArray(addresses) ? addresses.filter(isJson) : []).map((each) => ({
        ip: String(each["local"]),
        length: Number(each["prefixlen"]),
        duplicate: each["dadfailed"] === true,
      })),
    };
  });
}

/** `ip -j -4 route`, or -6. */
export function readKernelRoutes(text: string, family: 4 | 6): readonly RouteFact[] | undefined {
  return listIn(text)?.map((route) => {
    const { nexthops } = route;
    const hops = Array.isArray(nexthops) ? nexthops.filter(isJson) : [route];
    return {
      prefix: wholePrefix(String(route["dst"]), family),
      type: String(route["type"] ?? "unicast"),
      dev: String(route["dev"] ?? hops[0]?.["dev"] ?? ""),
      via: hops.flatMap(hopOf),
      protocol: String(route["protocol"] ?? ""),
      metric: Number(route["metric"] ?? 0),
    };
  });
}

/** A next hop of the other family is under `via`. */
function hopOf({ gateway, via }: Json): readonly string[] {
  if (typeof gateway === "string") return [gateway];
  return isJson(via) && typeof via["host"] === "string" ? [via["host"]] : [];
}

function wholePrefix(dst: string, family: 4 | 6): string {
  if (dst === "default") return family === 4 ? "0.0.0.0/0" : "::/0";
  return dst.includes("/") ? dst : `${dst}/${family === 4 ? 32 : 128}`;
}

/** `ip -j neigh`. */
export function readNeighbours(text: string): readonly NeighbourFact[] | undefined {
  return listIn(text)?.map(({ dst, dev, lladdr, state }) => ({
    ip: String(dst),
    dev: String(dev),
    lladdr: typeof lladdr === "string" ? lladdr : "",
    states: Array.isArray(state) ? state.map(String) : [],
  }));
}

/** Lines of `grep -H "" /proc/sys/…`: by path below /proc/sys. */
export function readSysctls(text: string): Readonly<Record<string, string>> {
  const lines = [...text.matchAll(/^\/proc\/sys\/([^:]+):(.*)$/gm)];
  return Object.fromEntries(lines.map(([, path = "", value = ""]) => [path, value.trim()]));
}

/** `/proc/net/netstat` and `/proc/net/stat/nf_conntrack`, one after the other. */
export function readCounters(netstat: string, conntrack: string): Counters {
  const rows = [...netstat.matchAll(/^TcpExt: (.*)$/gm)].map(([, words = ""]) => words.split(" "));
  const [names = [], values = []] = rows;
  const tcp = (name: string) => Number(values[names.indexOf(name)] ?? 0);
  const column = columns(conntrack);
  return {
    reverse_path_filter: tcp("IPReversePathFilter"),
    conntrack: { drop: column("drop"), insert_failed: column("insert_failed"), early_drop: column("early_drop") },
    guarded: {
      other_password: tcp("TCPMD5Failure"),
      no_password: tcp("TCPMD5NotFound"),
      unasked_password: tcp("TCPMD5Unexpected"),
      far: tcp("TCPMinTTLDrop"),
    },
  };
}

/** Of a table of /proc/net/stat: a line for each processor, in hexadecimal. */
function columns(text: string): (name: string) => number {
  const [head = "", ...lines] = text.trim().split("\n");
  const names = head.trim().split(/\s+/);
  return (name) => {
    const at = names.indexOf(name);
    return at < 0 ? 0 : lines.reduce((sum, line) => sum + Number.parseInt(line.trim().split(/\s+/)[at] ?? "0", 16), 0);
  };
}

export interface KernelTexts {
  /** `uname -r` */
  readonly release: string;
  /** Of gc_thresh1, 2 and 3, both families. */
  readonly sysctls: string;
  /** `/proc/net/stat/arp_cache` and `ndisc_cache`. */
  readonly arp: string;
  readonly ndisc: string;
}

export function readKernel({ release, sysctls, arp, ndisc }: KernelTexts): KernelFacts {
  const found = readSysctls(sysctls);
  const thresholds = (family: 4 | 6) => [1, 2, 3].map((nth) => Number(found[`net/ipv${family}/neigh/default/gc_thresh${nth}`] ?? 0));
  const table = (family: 4 | 6, text: string) => ({ thresholds: thresholds(family), full: columns(text)("table_fulls") });
  return { release: release.trim(), neighbours: { "4": table(4, arp), "6": table(6, ndisc) } };
}

/** `ethtool -k DEV`: feature by feature. */
export function readOffloads(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/^\t?([\w-]+): (.+)$/gm)].map(([, name = "", state = ""]) => [name, state.trim()]));
}

/** An INI file as oslo.config reads it: `section.key`. */
export function readIni(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  let section = "DEFAULT";
  for (const line of text.split("\n")) {
    section = /^\[([^\]]+)\]/.exec(line)?.[1] ?? section;
    const [, key, value = ""] = /^([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) found[`${section}.${key}`] = value;
  }
  return found;
}

function listIn(text: string): readonly Json[] | undefined {
  // `ip -j` prints nothing at all where there is nothing.
  if (text.trim() === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isJson) : undefined;
  } catch {
    return undefined;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
