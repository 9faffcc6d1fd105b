/** `ip nat inside source list … pool … overload` of IOS-XE, with the access list that says what is translated. */
import { ipOf, readIp, bitsOf } from "../../net/address.ts";
import type { Cidr } from "../../net/prefix.ts";
import { prefixRead } from "../cli/read-lists.ts";
import type { ReadNat, Unread } from "../platform.ts";
import type { Pnat } from "../router-config.ts";
import { at, below, statements } from "../tree.ts";
import type { Node } from "../tree.ts";

export function natOf(root: Node, unread: Unread[]): readonly ReadNat[] {
  const nat = statements(at(root, "ip", "nat"));
  const pools = new Map<string, Pnat["pool"]>();
  for (const { text, take } of nat) {
    const [, name = "", first = "", last = ""] = /^pool (\S+) (\S+) (\S+) (?:prefix-length|netmask) \S+$/.exec(text) ?? [];
    const [start, end] = [readIp(first), readIp(last)];
    if (start !== undefined && end !== undefined) pools.set(name, { start, end });
    if (start !== undefined || /^(settings|translation|log|switchover) /.test(text)) take();
  }
  return nat.flatMap(({ text, line, take }): readonly ReadNat[] => {
    const [, list = "", name = ""] = /^inside source list (\S+) pool (\S+) overload$/.exec(text) ?? [];
    const pool = pools.get(name);
    const [inside, uplink] = [sideOf(root, "inside"), sideOf(root, "outside")];
    const translated = rulesOf(root, list);
    if (pool === undefined || uplink === undefined || translated === undefined) return [];
    take();
    if (translated.length === 0) unread.push({ line, text, reason: `the access list ${list} permits nothing, or what is not understood` });
    return translated.map((rule) => ({ ...rule, pool, uplink, ...(inside === undefined ? {} : { inside }), line }));
  });
}

function sideOf(root: Node, side: "inside" | "outside"): string | undefined {
  return below(root, "interface").find((node) => at(node, "ip", "nat", side) !== undefined)?.text;
}

/** What the list permits, except for what it denied before; undefined when an entry is of another form. */
function rulesOf(root: Node, name: string): readonly { readonly source: Cidr; readonly except: readonly Cidr[] }[] | undefined {
  const except: Cidr[] = [];
  const rules: { readonly source: Cidr; readonly except: readonly Cidr[] }[] = [];
  for (const kind of ["extended", "standard"])
    for (const { text } of statements(at(root, "ip", "access-list", kind, name))) {
      const [, verdict, rest = ""] = /^(?:\d+ )?(permit|deny) (?:ip )?(.+)$/.exec(text) ?? [];
      const [source, towards] = endsOf(rest);
      if (/^(?:\d+ )?remark /.test(text)) continue;
      if (source === undefined) return undefined;
      if (verdict === "deny" && towards !== undefined) except.push(towards);
      else if (verdict === "permit" && towards === undefined) rules.push({ source, except: [...except] });
      else return undefined;
    }
  return rules;
}

/** Source, and destination unless it is any. */
function endsOf(text: string): readonly [Cidr | undefined, Cidr | undefined] {
  const words = text.split(" ");
  const take = (): Cidr | undefined => {
    const first = words.shift() ?? "";
    if (first === "any") return undefined;
    if (first === "host") return prefixRead(`${words.shift() ?? ""}/32`, "");
    const mask = readIp(words.shift() ?? "");
    return mask === undefined ? undefined : prefixRead(first, ipOf(4, 0xffffffffn ^ bitsOf(mask)));
  };
  return [take(), take()];
}
