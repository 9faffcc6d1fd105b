/** What BIRD 2 says of its sessions and tables, read from the text of `show protocols all` and `show route all`. */
import { readBgpProtocols } from "../birdc/answers.ts";
import type { Family } from "../net/address.ts";

export interface BirdFacts {
  readonly sessions: readonly BgpSession[];
  readonly routes: readonly BgpRoute[];
  /** What is told to peers outside (eBGP with the provider), by the session's name. */
  readonly exports: Readonly<Record<string, readonly string[]>>;
  /** Sessions of `show bfd sessions`, where there are any. */
  readonly bfd: readonly BfdSession[];
}

export interface BgpSession {
  readonly name: string;
  readonly established: boolean;
  /** What BIRD adds: `Socket: Connection refused`, `BGP Error: Bad peer AS`. */
  readonly info: string;
  readonly neighbour: string;
  readonly neighbour_as: number;
  readonly local_as: number;
  /** Seconds, as agreed; absent while it is not established. */
  readonly hold?: number;
  readonly graceful_restart: { readonly local: boolean; readonly neighbour: boolean };
  /** Does this side take several paths of one prefix from the other, and does the other send them? */
  readonly add_paths: { readonly takes: boolean; readonly sends: boolean };
  readonly channels: readonly BgpChannel[];
}

export interface BgpChannel {
  readonly family: Family;
  readonly input_filter: string;
  readonly output_filter: string;
  readonly import_limit?: number;
  readonly imported: number;
  /** Updates that the import filter refused since the session began. */
  readonly filtered: number;
}

export interface BgpRoute {
  readonly prefix: string;
  /** By which protocol it came: `host:h1`, `kernel4`. */
  readonly protocol: string;
  readonly best: boolean;
  /** `unicast`, `unreachable`, `blackhole`. */
  readonly to: string;
  readonly hops: readonly string[];
  readonly bgp: boolean;
  readonly next_hop?: string;
  readonly local_pref?: number;
}

export interface BfdSession {
  readonly ip: string;
  readonly interface: string;
  readonly state: string;
}

/** A session that a line of `show protocols all` begins; lines of other protocols are passed over. */
export function readSessions(text: string): BgpSession[] {
  const blocks = text.split(/\n\s*\n/);
  return blocks.flatMap((block) => {
    const [protocol] = readBgpProtocols(block);
    if (protocol === undefined) return [];
    const { name, established, info } = protocol;
    const number = (label: string) => Number(new RegExp(`${label}: +(\\d+)`).exec(block)?.[1] ?? 0);
    const hold = /Hold timer: +[\d.]+\/(\d+)/.exec(block)?.[1];
    const [ours, theirs] = [part(block, "Local capabilities"), part(block, "Neighbor capabilities")];
    return [
      {
        name,
        established,
        info: [info, /Last error: +(.*)/.exec(block)?.[1]].filter((each) => each).join("; "),
        neighbour: /Neighbor address: (\S+?)(?:%\S+)?$/m.exec(block)?.[1] ?? "",
        neighbour_as: number("Neighbor AS"),
        local_as: number("Local AS"),
        ...(hold !== undefined && { hold: Number(hold) }),
        graceful_restart: { local: /Graceful restart/.test(ours), neighbour: /Graceful restart/.test(theirs) },
        add_paths: { takes: /RX: \S/.test(ours), sends: /TX: \S/.test(theirs) },
        channels: channelsIn(block),
      },
    ];
  });
}

/** What is indented below a title, as far as it is. */
function part(block: string, title: string): string {
  return new RegExp(`^ {4}${title}\\n((?: {6}.*\\n?)*)`, "m").exec(block)?.[1] ?? "";
}

function channelsIn(block: string): BgpChannel[] {
  return block
    .split(/^ {2}Channel /m)
    .slice(1)
    .flatMap((text) => {
      const family = /^ipv([46])/.exec(text)?.[1];
      if (family === undefined) return [];
      const word = (label: string) => new RegExp(`${label}: +(.*)`).exec(text)?.[1]?.trim() ?? "";
      // What is kept, or what is taken of it; the first is the one that holds.
      const limit = word("Receive limit") || word("Import limit");
      return [
        {
          family: family === "4" ? (4 as const) : (6 as const),
          input_filter: word("Input filter"),
          output_filter: word("Output filter"),
          ...(limit !== "" && { import_limit: Number.parseInt(limit, 10) }),
          imported: Number(/Routes: +(\d+) imported/.exec(text)?.[1] ?? 0),
          filtered: Number(/Import updates: +\d+ +\d+ +(\d+)/.exec(text)?.[1] ?? 0),
        },
      ];
    });
}

/** `show route all`: a line with the prefix for the best route, lines without it for the others. */
export function readRoutes(text: string): BgpRoute[] {
  const routes: { -readonly [K in keyof BgpRoute]: BgpRoute[K] }[] = [];
  let [prefix, inRoute] = ["", false];
  for (const line of text.split("\n")) {
    const head = /^([0-9a-f.:]+\/\d+)? +(\w+) \[(\S+) [^\]]*\] ?(\*)?/.exec(line);
    if (head !== null) {
      prefix = head[1] ?? prefix;
      inRoute = true;
      routes.push({ prefix, protocol: head[3] ?? "", best: head[4] === "*", to: head[2] ?? "", hops: [], bgp: false });
      continue;
    }
    // The head of another table, or a line of one that has no routes (ROAs): what follows is no route's.
    if (/^\S/.test(line)) inRoute = false;
    const last = inRoute ? routes.at(-1) : undefined;
    if (last === undefined) continue;
    const [, key, value = ""] = /^\t(via|dev|Type:|BGP\.next_hop:|BGP\.local_pref:) ?(\S*)/.exec(line) ?? [];
    if (key === "via" || key === "dev") last.hops = [...last.hops, value];
    else if (key === "Type:") last.bgp = value === "BGP";
    else if (key === "BGP.next_hop:") last.next_hop = value;
    else if (key === "BGP.local_pref:") last.local_pref = Number(value);
  }
  return routes;
}

/** `show bfd sessions`: a table of addresses, interfaces and states. */
export function readBfd(text: string): BfdSession[] {
  return [...text.matchAll(/^([0-9a-f.:]+(?:%\S+)?)\s+(\S+)\s+(Up|Down|Init|AdminDown)\b/gm)].map(([, ip = "", link = "", state = ""]) => ({
    ip: ip.replace(/%.*/, ""),
    interface: link,
    state,
  }));
}
