/** What a platform writes and reads back means what was derived: every policy, for every class of prefixes, colours and next hops. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dataCenterOf, VARIANTS } from "../intent/bgp-variants.ts";
import { cellsOf } from "./cells.ts";
import { routerConfigOf, routersOf } from "./derive.ts";
import { bookOf, changedBy, decide } from "./evaluate.ts";
import type { Book, Route } from "./evaluate.ts";
import type { ReadFamily } from "./platform.ts";
import { PLATFORMS } from "./platforms.ts";
import type { NeighborFamily, RouterConfig } from "./router-config.ts";

/** Of each class one route with each colour, with several, and with none, by each next hop that is asked for and another. */
function routesOf({ prefixSets, communities, policies }: RouterConfig, family: 4 | 6): readonly Route[] {
  const colours = [...communities.map(({ value }) => [value]), communities.map(({ value }) => value), []];
  const hops = policies.flatMap(({ terms }) =>
    terms.flatMap(({ when }) => when.flatMap((condition) => ("nextHop" in condition ? condition.nextHop : []))),
  );
  const nextHops = [...new Set([...hops, family === 4 ? "192.0.2.254" : "2001:db8:ffff:ffff::254"])] as Route["nextHop"][];
  const boundaries = prefixSets.flatMap(({ ranges }) => ranges.map(({ prefix }) => prefix));
  return cellsOf(family, boundaries).flatMap((place) =>
    colours.flatMap((carried) =>
      nextHops.map((nextHop): Route => ({ place, source: "bgp", communities: carried, nextHop, from: "any", assigned: "yes" })),
    ),
  );
}

interface Asked {
  readonly book: Book;
  readonly chain: readonly string[];
}

function outcome({ book, chain }: Asked, route: Route) {
  const { accepted, set } = decide(book, chain, "reject", route);
  return accepted === "yes" ? { accepted, communities: changedBy(route, set).communities } : { accepted };
}

/** BIRD's text comes from the data centre, in words of its own; the proof is what holds it to the same. Those of other vendors: `round-trip.test.ts`. */
for (const platform of PLATFORMS.filter(({ name }) => name === "frr"))
  for (const variant of VARIANTS) {
    const dc = dataCenterOf(variant);
    for (const { name } of routersOf(dc))
      test(`${platform.name}: ${name} of "${variant}" is read back as it was meant`, () => {
        const config = routerConfigOf(dc, name) ?? assert.fail();
        const read = platform.read(platform.render(config, dc).files[0]?.text ?? "");
        assert.deepEqual(read.unread, []);
        assert.deepEqual([read.asn, read.routerId, read.clusterId], [config.asn, config.routerId, config.clusterId]);
        assert.deepEqual(new Set(read.statics.map(({ prefix }) => prefix)), new Set(config.statics.map(({ prefix }) => prefix)));
        assert.equal(read.neighbors.length, config.neighbors.length);
        const [meant, written] = [bookOf(config), bookOf(read)];
        const judged = new Set<string>();
        for (const neighbor of config.neighbors) {
          const other =
            read.neighbors.find(({ address, interface: port }) => (address ?? port) === (neighbor.address ?? neighbor.interface)) ??
            assert.fail(neighbor.name);
          assert.deepEqual(
            [other.asn, other.localAsn, other.connects, other.password === "yes", other.gtsm === "yes", other.bfd !== undefined],
            [
              neighbor.asn,
              neighbor.localAsn,
              neighbor.connects,
              neighbor.password !== undefined,
              neighbor.gtsm !== undefined,
              neighbor.bfd !== undefined,
            ],
          );
          assert.deepEqual([other.timers.hold, other.timers.keepalive], [neighbor.timers.hold, neighbor.timers.keepalive]);
          for (const family of neighbor.families) {
            const back =
              other.families.find((each) => each.family === family.family) ?? assert.fail(`${neighbor.name} IPv${family.family}`);
            assert.deepEqual(
              [back.client, back.nextHop, back.maximum],
              [family.client === undefined ? "no" : "yes", family.nextHop, family.maximum?.prefixes],
            );
            for (const direction of ["import", "export"] as const) compare(config, { family, back, direction, meant, written, judged });
          }
        }
      });
  }

interface Compared {
  readonly family: NeighborFamily;
  readonly back: ReadFamily;
  readonly direction: "import" | "export";
  readonly meant: Book;
  readonly written: Book;
  /** Policies that were compared, which several neighbours have in common. */
  readonly judged: Set<string>;
}

function compare(config: RouterConfig, { family, back, direction, meant, written, judged }: Compared): void {
  if (judged.has(family[direction])) return;
  judged.add(family[direction]);
  for (const route of routesOf(config, family.family))
    assert.deepEqual(
      outcome({ book: written, chain: back[direction] }, route),
      outcome({ book: meant, chain: [family[direction]] }, route),
      `${family[direction]}: ${route.place.bits.toString(16)}/${route.place.length} ${route.communities} ${route.nextHop}`,
    );
}
