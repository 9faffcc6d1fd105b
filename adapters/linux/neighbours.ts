/** Permanent neighbours, told from others' by their protocol number. */
import type { Driver } from "#contracts/driver.ts";
import type { Neighbour } from "#core/kinds/neighbour.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Kernel } from "../netlink/kernel.ts";
import { linkNames, linkNumbers } from "../netlink/links.ts";
import { neighbourAt, neighbourGoneQuestion, neighbourQuestion, neighboursOf } from "../netlink/neighbours.ts";
import { ENODEV, ENOENT, noDevice, performOnLinks } from "./outcomes.ts";
import type { Task } from "./outcomes.ts";

export function linuxNeighbours({ route, watch }: Pick<Kernel, "route" | "watch">): Driver<Neighbour> {
  return {
    list: async () => neighboursOf(route, linkNames(route)),
    read: async (values) => {
      const links = linkNumbers(
        route,
        values.map(({ dev }) => dev),
      );
      return values.flatMap((value) => {
        const link = links.get(value.dev);
        return link === undefined ? [] : (neighbourAt(route, value, link) ?? []);
      });
    },
    // Whatever is on a link goes with it, even if it is back before anybody has looked.
    watch: (changed) => watch.route(["links", "neighbours"], (on) => changed(on === undefined ? on : ({ dev }) => dev === on)),
    apply: async (changes) => performOnLinks(route, changes, taskOf),
  };
}

/** An entry goes with its link. */
function taskOf(change: Change<Neighbour>, link: number | undefined): Task {
  if (change.op === "delete")
    return link === undefined ? { questions: [] } : { questions: [neighbourGoneQuestion(change.have, link)], fine: [ENOENT, ENODEV] };
  return link === undefined ? { questions: [], failed: noDevice(change.want.dev) } : { questions: [neighbourQuestion(change.want, link)] };
}
