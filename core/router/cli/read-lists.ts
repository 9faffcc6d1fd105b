/** Prefix lists, community lists and static routes, as IOS and EOS have them: on one line each, or in sections of their own. */
import { FAMILIES } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { readCidr, readInterfaceAddress, prefixOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import type { Community } from "../policy.ts";
import { rangeOf } from "../prefix-list.ts";
import type { ReadList } from "../prefix-list.ts";
import { at, below, statements } from "../tree.ts";
import type { Node } from "../tree.ts";

const ipWord = (family: Family) => (family === 4 ? "ip" : "ipv6");

/** An entry that denies is left as not understood: what it takes away from those after it no set of ranges says. */
export function listsOf(root: Node): readonly ReadList[] {
  return FAMILIES.flatMap((family) =>
    below(root, ipWord(family), "prefix-list").map((list) => ({
      name: list.text,
      family,
      ranges: statements(list).flatMap(({ text, take }) => {
        if (/^(seq \d+ )?(description|remark) /.test(text)) take();
        const [, , prefix = "", , ge, , le] = /^(seq \d+ )?permit (\S+)( ge (\d+))?( le (\d+))?$/.exec(text) ?? [];
        const range = rangeOf(prefix, ge, le);
        if (range === undefined) return [];
        take();
        return [range];
      }),
    })),
  );
}

/** By name: one literal community, or undefined for what cannot be told (patterns, several entries, several at once). */
export function communitiesOf(root: Node): ReadonlyMap<string, Community | undefined> {
  const found = new Map<string, (Community | undefined)[]>();
  const plain = statements(at(root, "ip", "community-list"));
  for (const { text, take } of plain) {
    const [, kind = "", name = "", , verdict, rest = ""] =
      /^((?:standard|expanded|regexp) )?(\S+) (seq \d+ )?(permit|deny) (.+)$/.exec(text) ?? [];
    if (name === "") continue;
    take();
    const literal = kind !== "expanded " && kind !== "regexp " && verdict === "permit" && /^\d+:\d+$/.test(rest) ? rest : undefined;
    found.set(name, [...(found.get(name) ?? []), literal]);
  }
  return new Map([...found].map(([name, literals]) => [name, literals.length === 1 ? literals[0] : undefined]));
}

/** Routes that end here: by prefix, or by address and mask. */
export function discardsOf(root: Node): readonly { readonly prefix: Cidr }[] {
  return FAMILIES.flatMap((family) =>
    statements(at(root, ipWord(family), "route")).flatMap(({ text, take }) => {
      take();
      const [first = "", second = "", third] = text.split(" ");
      const prefix = prefixRead(first, second);
      const target = first.includes("/") ? second : third;
      return prefix !== undefined && /^null0$/i.test(target ?? "") ? [{ prefix }] : [];
    }),
  );
}

/** `10.0.0.0/8`, or `10.0.0.0` and `255.0.0.0`. */
export function prefixRead(first: string, mask: string): Cidr | undefined {
  if (first.includes("/")) return readCidr(first);
  const length = lengthOfMask(mask);
  const read = length === undefined ? undefined : readInterfaceAddress(`${first}/${length}`);
  return read && prefixOf(read.ip, read.length);
}

function lengthOfMask(mask: string): number | undefined {
  const octets = mask.split(".").map(Number);
  if (octets.length !== 4 || octets.some((octet) => !Number.isInteger(octet) || octet < 0 || octet > 255)) return undefined;
  const bits = octets.map((octet) => octet.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}
