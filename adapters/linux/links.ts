/** Links: facts that others make, and our own, told by the prefix of their names. */
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import { addressChanges, linksOf } from "#core/kinds/link-state.ts";
import type { LinkState } from "#core/kinds/link-state.ts";
import { OWN_LINK_PREFIX } from "#core/kinds/link.ts";
import type { Link } from "#core/kinds/link.ts";
import type { InterfaceAddress } from "#core/net/prefix.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Channel } from "../netlink/channel.ts";
import type { Kernel } from "../netlink/kernel.ts";
import { addAddress, addLink, allAddresses, allLinks, linkNamed, removeAddress, removeLink, setLinkUp } from "../netlink/links.ts";
import { ENODEV, perform } from "./outcomes.ts";

/** Any device that only carries addresses will do; not every kernel has the first. */
const TYPES = ["dummy", "ifb"];

export function linuxLinks({ route, watch }: Pick<Kernel, "route" | "watch">): Driver<Link> {
  return {
    list: async (want) => linksOf(statesOf(route), want),
    read: async (values) => linksOf(statesAt(route, values), values),
    watch: (changed) => watch.route(["links"], (on) => changed(on === undefined ? on : ({ name }) => name === on)),
    apply: async (changes) => {
      if (changes.length === 0) return [];
      const own = changes.flatMap((change) => (change.op === "delete" || change.want.own === undefined ? [] : [change.want]));
      const held = new Map(statesAt(route, own).map((state) => [state.name, state]));
      return changes.map((change) => applyOne(route, change, held));
    },
  };
}

function statesOf(route: Channel): LinkState[] {
  const addresses = Map.groupBy(
    allAddresses(route).filter(({ linkLocal }) => !linkLocal),
    ({ link }) => link,
  );
  return allLinks(route).map(({ index, name, up }) => ({
    name,
    index,
    up,
    addresses: (addresses.get(index) ?? []).map(({ ip, length }) => ({ ip, length })),
  }));
}

/** Of facts only our own links' addresses matter. */
function statesAt(route: Channel, values: readonly Link[]): LinkState[] {
  const heads = [...new Set(values.map(({ name }) => name))].flatMap((name) => linkNamed(route, name) ?? []);
  return heads.map((head) => ({ ...head, addresses: head.name.startsWith(OWN_LINK_PREFIX) ? addressesOn(route, head) : [] }));
}

/** Without those that mean something on this link alone. */
function addressesOn(route: Channel, { index }: Pick<LinkState, "index">): InterfaceAddress[] {
  return allAddresses(route, index).flatMap(({ ip, length, linkLocal }) => (linkLocal ? [] : [{ ip, length }]));
}

function applyOne(route: Channel, change: Change<Link>, held: ReadonlyMap<string, LinkState>): Outcome {
  if (change.op === "delete") return remove(route, change.have.name);
  const { name, own } = change.want;
  if (own === undefined || !name.startsWith(OWN_LINK_PREFIX)) return { state: "held" };
  const there = held.get(name);
  const made = there === undefined ? make(route, name) : DONE;
  const index = there?.index ?? (made.state === "done" ? linkNamed(route, name)?.index : undefined);
  if (index === undefined) return made.state === "done" ? { state: "failed", reason: `${name} has gone again` } : made;
  const { gone, more } = addressChanges(own.addresses, there?.addresses ?? []);
  const questions = [
    ...gone.map((address) => removeAddress(index, address)),
    setLinkUp(index),
    ...more.map((address) => addAddress(index, address)),
  ];
  return perform(route, [{ questions }])[0] ?? DONE;
}

/** Own links only: `list` gives no others to delete. */
function remove(route: Channel, name: string): Outcome {
  const index = linkNamed(route, name)?.index;
  return index === undefined ? DONE : (perform(route, [{ questions: [removeLink(index)], fine: [ENODEV] }])[0] ?? DONE);
}

function make(route: Channel, name: string): Outcome {
  const reasons: string[] = [];
  for (const type of TYPES) {
    const [refusal] = route.change([addLink(name, type)]);
    if (refusal === undefined) return DONE;
    reasons.push(`${type}: ${refusal.reason}`);
  }
  return { state: "failed", reason: reasons.join("; ") };
}
