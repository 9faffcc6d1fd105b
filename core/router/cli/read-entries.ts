/** What enters BGP by itself, as IOS and EOS have it: `network`, `aggregate-address`, `redistribute`. */
import { FAMILIES } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import type { Entry } from "../platform.ts";
import type { Policy, RouteSource } from "../policy.ts";
import { givenBy } from "../route-map.ts";
import { at, statements } from "../tree.ts";
import type { Node } from "../tree.ts";
import type { Section } from "./read-bgp.ts";
import { prefixRead } from "./read-lists.ts";

export function entriesOf({ bgp, families }: Section, policies: readonly Policy[]): readonly Entry[] {
  const places = [{ node: bgp, reach: FAMILIES }, ...[...families].map(([family, node]) => ({ node, reach: [family] }))];
  return places.flatMap(({ node, reach }) => [
    ...named(at(node, "network"), "static", policies),
    ...named(at(node, "aggregate-address"), "aggregate", policies),
    ...poured(at(node, "redistribute"), reach),
  ]);
}

function named(node: Node | undefined, source: RouteSource, policies: readonly Policy[]): readonly Entry[] {
  return statements(node).flatMap(({ text, line, take }): readonly Entry[] => {
    const words = text.split(" ");
    const mask = words[1] === "mask" ? words[2] : words[1];
    const prefix = prefixRead(words[0] ?? "", mask ?? "") ?? classful(words[0] ?? "");
    if (prefix === undefined) return [];
    take();
    const [, map] = /(?:route-map|attribute-map) (\S+)/.exec(text) ?? [];
    return [{ prefix, source, ...givenBy(policies, map), line }];
  });
}

/** IOS: a network without a mask is that of its class. */
function classful(address: string) {
  const first = Number(address.split(".")[0]);
  const octets = first < 128 ? 1 : first < 192 ? 2 : 3;
  return prefixRead(`${address}/${8 * octets}`, "");
}

const SOURCES: Readonly<Record<string, RouteSource>> = { connected: "connected", static: "static", direct: "connected" };

/** Other protocols that are redistributed stay as not understood. */
function poured(node: Node | undefined, reach: readonly Family[]): readonly Entry[] {
  return statements(node).flatMap(({ text, line, take }): readonly Entry[] => {
    const redistributes = SOURCES[text.split(" ")[0] ?? ""];
    if (redistributes === undefined) return [];
    take();
    const [, policy] = /route-map (\S+)/.exec(text) ?? [];
    return reach.map((family) => ({ family, redistributes, ...(policy === undefined ? {} : { policy }), line }));
  });
}
