/** Source NAT of an SRX: rule sets between interfaces or zones. Rules that leave a packet alone are exceptions of those after them. */
import { readIp } from "../../net/address.ts";
import { firstOf, lastOf, readCidr } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import type { ReadNat, Unread } from "../platform.ts";
import type { Pnat } from "../router-config.ts";
import { at, below, pass, word, words } from "../tree.ts";
import type { Node } from "../tree.ts";
import { bare } from "./words.ts";

export function natOf(root: Node): { readonly rules: readonly ReadNat[]; readonly unread: readonly Unread[] } {
  const nat = at(root, "security", "nat");
  pass(at(nat, "proxy-arp"));
  const source = at(nat, "source");
  pass(at(source, "pool-utilization-alarm"));
  const pools = new Map(below(source, "pool").map((pool) => [pool.text, poolOf(pool)]));
  const unread: Unread[] = [];
  const rules = below(source, "rule-set").flatMap((set) => rulesOf(root, set, { pools, unread }));
  return { rules, unread };
}

interface Around {
  readonly pools: ReadonlyMap<string, Pool | undefined>;
  readonly unread: Unread[];
}

function rulesOf(root: Node, set: Node, { pools, unread }: Around): readonly ReadNat[] {
  const [inside, uplink] = [sideOf(root, at(set, "from")), sideOf(root, at(set, "to"))];
  const except: Cidr[] = [];
  return below(set, "rule").flatMap((rule): readonly ReadNat[] => {
    const sources = prefixesOf(words(rule, "match", "source-address"));
    const towards = prefixesOf(words(rule, "match", "destination-address"));
    const then = at(rule, "then", "source-nat");
    const pool = pools.get(word(then, "pool") ?? "");
    // Whoever may answer: anybody, or whom the VM has talked to, at whatever port.
    const open = words(then, "pool", word(then, "pool") ?? "", "persistent-nat", "permit").includes("any-remote-host");
    if (at(then, "off") !== undefined) {
      except.push(...towards);
      return [];
    }
    if (pool === undefined || uplink === undefined || sources.length === 0) {
      unread.push({
        line: rule.line,
        text: `rule ${rule.text}`,
        reason: "a rule without a pool, a source or an interface that is known here",
      });
      return [];
    }
    return sources.map((source) => ({
      source,
      except: [...except],
      ...pool,
      uplink,
      ...(open ? { filtering: "full cone" as const } : {}),
      ...(inside === undefined ? {} : { inside }),
      line: rule.line,
    }));
  });
}

/** An interface, or the first of a zone. */
function sideOf(root: Node, side: Node | undefined): string | undefined {
  const zone = word(side, "zone");
  const name =
    word(side, "interface") ?? (zone === undefined ? undefined : word(root, "security", "zones", "security-zone", zone, "interfaces"));
  return name && bare(name);
}

type Pool = Pick<Pnat, "pool" | "ports">;

function poolOf(pool: Node): Pool | undefined {
  const [first] = below(pool, "address");
  pass(at(pool, "address-pooling"));
  const size = Number(word(pool, "port", "deterministic", "block-size"));
  pass(at(pool, "port"));
  if (first === undefined) return undefined;
  const start = readCidr(first.text);
  const end = readCidr(word(first, "to") ?? first.text);
  if (start === undefined || end === undefined) return undefined;
  return {
    pool: { start: readIp(firstOf(start)) ?? firstOf(start), end: lastOf(end) },
    ...(Number.isInteger(size) ? { ports: size } : {}),
  };
}

function prefixesOf(texts: readonly string[]): readonly Cidr[] {
  return texts.flatMap((text) => readCidr(text) ?? []);
}
