/** Addresses that we put on taps, told from others' by themselves. */
import type { Driver } from "#contracts/driver.ts";
import { address, isOwnAddress } from "#core/kinds/address.ts";
import type { TapAddress } from "#core/kinds/address.ts";
import { familyOf, widthOf } from "#core/net/address.ts";
import type { InterfaceAddress } from "#core/net/prefix.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { LinkAddress } from "../netlink/links.ts";
import type { Kernel } from "../netlink/kernel.ts";
import { addQuietAddress, allAddresses, linkNames, removeAddress } from "../netlink/links.ts";
import { ENODEV, noDevice, performOnLinks } from "./outcomes.ts";
import type { Task } from "./outcomes.ts";

/** To ask for the addresses of so many links is cheaper than to list all. */
const FEW_LINKS = 8;

/** There is no such address on the link. */
const EADDRNOTAVAIL = 99;

export function linuxAddresses({ route, watch }: Pick<Kernel, "route" | "watch">): Driver<TapAddress> {
  const ofLink = (dev: string) => {
    const link = route.linkNumber(dev);
    return link === undefined ? [] : on(() => dev, allAddresses(route, link));
  };
  const on = (nameOf: (link: number) => string | undefined, addresses: readonly LinkAddress[]) =>
    addresses.map(({ link, ip }) => ({ dev: nameOf(link) ?? "", ip })).filter(isOwnAddress);
  const list = () => on(linkNames(route), allAddresses(route));
  return {
    list: async () => list(),
    read: async (values) => {
      const asked = new Set(values.map(address.key));
      const devs = new Set(values.map(({ dev }) => dev));
      const found = devs.size > FEW_LINKS ? list() : [...devs].flatMap((dev) => ofLink(dev));
      return found.filter((each) => asked.has(address.key(each)));
    },
    // Whatever is on a link goes with it, even if it is back before anybody has looked.
    watch: (changed) => watch.route(["links", "addresses"], (on) => changed(on === undefined ? on : ({ dev }) => dev === on)),
    apply: async (changes) => performOnLinks(route, changes, taskOf),
  };
}

/**
 * Without asking whether somebody else has it (the VM may say so, and be believed), and deprecated from the beginning: the host never
 * speaks from it unasked, so the VM's router keeps its own address. An address goes with its link.
 */
function taskOf(change: Change<TapAddress>, link: number | undefined): Task {
  if (link === undefined) return change.op === "delete" ? { questions: [] } : { questions: [], failed: noDevice(change.want.dev) };
  if (change.op === "delete") return { questions: [removeAddress(link, whole(change.have))], fine: [EADDRNOTAVAIL, ENODEV] };
  return { questions: [addQuietAddress(link, whole(change.want))] };
}

function whole({ ip }: TapAddress): InterfaceAddress {
  return { ip, length: widthOf(familyOf(ip)) };
}
