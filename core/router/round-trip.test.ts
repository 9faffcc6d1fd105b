/** What a platform's text says, read back, is what the router was to be told: session by session, prefix by prefix. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataCenter } from "../datacenter/data-center.ts";
import { dataCenterOf, VARIANTS } from "../intent/bgp-variants.ts";
import { familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { cellsOf } from "./cells.ts";
import { routerConfigOf, routersOf } from "./derive.ts";
import { bookOf, changedBy, decide, placeOf } from "./evaluate.ts";
import type { Book, Place, Route } from "./evaluate.ts";
import { EXAMPLES, VENDORS, withEverything } from "./golden/examples.ts";
import { addressedOf } from "./groups.ts";
import { colourAsked, ownColours, sourceOf } from "./next-hop.ts";
import type { Platform, ReadFamily, ReadRouter } from "./platform.ts";
import type { Neighbor, NeighborFamily, RouterConfig } from "./router-config.ts";

const STRANGE: Readonly<Record<Family, Ip>> = { 4: "203.0.113.99" as Ip, 6: "2001:db8:dead::99" as Ip };

interface Router {
  readonly site: string;
  readonly dc: DataCenter;
  readonly config: RouterConfig;
}

/** Gateways and reflectors of every variant, and what is kept as files. */
const ROUTERS: readonly Router[] = [
  ...VARIANTS.flatMap((site) => {
    const dc = dataCenterOf(site);
    return routersOf(dc).map(({ name }) => ({ site, dc, config: withEverything(routerConfigOf(dc, name) ?? assert.fail()) }));
  }),
  ...EXAMPLES.map(({ name, dc, config }) => ({ site: name, dc, config })),
];

for (const platform of VENDORS)
  for (const { site, dc, config } of ROUTERS)
    test(`${platform.name}: ${config.role} ${config.name} of "${site}" reads back as it was to be`, () => {
      const [file] = platform.render(config, dc).files;
      const read = platform.read(file?.text ?? "");
      assert.deepEqual(read.unread, []);
      assert.equal(read.asn, config.asn);
      assert.equal(read.routerId, config.routerId);
      assert.deepEqual(read.statics.map(({ prefix }) => prefix).toSorted(), config.statics.map(({ prefix }) => prefix).toSorted());
      assert.deepEqual(
        read.neighbors.map(({ address }) => address).toSorted(),
        addressedOf(config)
          .map(({ address }) => address)
          .toSorted(),
      );
      for (const neighbor of addressedOf(config)) {
        const found = read.neighbors.find(({ address }) => address === neighbor.address) ?? assert.fail(`no session with ${neighbor.name}`);
        assert.equal(found.asn, neighbor.asn);
        assert.equal(found.local, neighbor.local);
        assert.equal(found.localAsn, neighbor.localAsn);
        assert.equal(found.connects, neighbor.connects);
        assert.equal(found.timers.hold, neighbor.timers.hold);
        assert.equal(found.timers.keepalive, neighbor.timers.keepalive);
        assert.equal(found.bfd !== undefined, neighbor.bfd !== undefined, "BFD");
        assert.equal(found.gracefulRestart, "yes");
        assert.equal(found.password, neighbor.password === undefined ? "no" : "yes");
        if (platform.name !== "srlinux") assert.equal(found.gtsm, neighbor.gtsm === undefined ? "no" : "yes");
        assert.deepEqual(found.families.map(({ family }) => family).toSorted(), neighbor.families.map(({ family }) => family).toSorted());
        for (const told of neighbor.families)
          sameExchange(
            { config, read, platform },
            neighbor,
            told,
            found.families.find(({ family }) => family === told.family),
          );
      }
      sameTranslation(config, read, platform);
    });

interface Both {
  readonly config: RouterConfig;
  readonly read: ReadRouter;
  readonly platform: Platform;
}

function sameExchange({ config, read, platform }: Both, neighbor: Neighbor, told: NeighborFamily, found: ReadFamily | undefined): void {
  assert.ok(found !== undefined);
  // SR Linux sets the next hop where others refuse a wrong one: the route is believed behind the right one alone.
  const forces = platform.name === "srlinux";
  const [mine, theirs] = [bookOf(config), bookOf(read)];
  assert.equal(found.client, told.client === undefined ? "no" : "yes");
  if (platform.name !== "srlinux") assert.equal(found.nextHop === "kept", told.nextHop === "kept");
  const sets = [...config.prefixSets, ...read.prefixSets].flatMap(({ ranges }) => ranges.map(({ prefix }) => prefix));
  const places = cellsOf(told.family, [...sets, ...config.statics.map(({ prefix }) => prefix)]);
  assert.ok(places.length > 0);
  for (const place of places) {
    for (const nextHop of hopsOf(config, told.family)) {
      const route = bgpRoute(place, [], nextHop);
      const right = forces ? { ...route, nextHop: demanded(config, told.import) ?? nextHop } : route;
      assert.deepEqual(
        believed(theirs, found.import, route),
        believed(mine, [told.import], right),
        `import of ${JSON.stringify(show(place))} from ${neighbor.name}`,
      );
    }
    for (const communities of colours(config)) {
      const route = bgpRoute(place, communities, STRANGE[told.family]);
      const want = decide(mine, [told.export], "reject", route);
      const have = decide(theirs, found.export, found.unfiltered, route);
      assert.equal(have.accepted, want.accepted, `export of ${JSON.stringify(show(place))} with ${communities.join()} to ${neighbor.name}`);
    }
  }
  const [want, have] = [
    ownTold(mine, ownOf(config), [told.export], told.family),
    ownTold(theirs, enteringOn(platform, config, read), found.export, told.family),
  ];
  // What no term asks for by its colour is told by the way, where the platform has it in BGP at all.
  const asked = config.policies.find(({ name }) => name === told.export)?.terms.map(colourAsked) ?? [];
  const exact = platform.exports === "what entered BGP" || asked.some((colour) => ownColours(config).has(colour ?? ""));
  assert.deepEqual(exact ? have : have.filter((prefix) => !want.includes(prefix)), exact ? want : []);
}

/** Next hops that policies ask for, and one that none does. */
function hopsOf({ policies }: RouterConfig, family: Family): readonly Ip[] {
  const asked = policies.flatMap(({ terms }) =>
    terms.flatMap(({ when }) => when.flatMap((each) => ("nextHop" in each ? each.nextHop : []))),
  );
  return [...new Set(asked)].filter((hop) => familyOf(hop) === family).concat(STRANGE[family]);
}

/** Colours that a route of BGP can have in the router: its own prefixes' are given to none that comes in. */
function colours(config: RouterConfig): readonly (readonly string[])[] {
  const own = ownColours(config);
  return [[], ...config.communities.filter(({ value }) => !own.has(value)).map(({ value }) => [value])];
}

function bgpRoute(place: Place, communities: readonly string[], nextHop: Ip): Route {
  return { place, source: "bgp", communities, nextHop, from: "any", assigned: "yes" };
}

/** What is made of a route on its way in. */
function believed(book: Book, chain: readonly string[], route: Route): unknown {
  const { accepted, set } = decide(book, chain, "reject", route);
  if (accepted === "no") return "not believed";
  return { accepted, communities: changedBy(route, set).communities, hop: set.nextHop ?? route.nextHop };
}

function demanded({ policies }: RouterConfig, name: string): Ip | undefined {
  const terms = policies.find((policy) => policy.name === name)?.terms ?? [];
  return terms.flatMap(({ when }) => when.flatMap((each) => ("nextHop" in each ? each.nextHop : [])))[0];
}

function ownOf(config: RouterConfig): Pick<ReadRouter, "enters"> {
  return {
    enters: config.originated.map(({ prefix, community }) => ({ prefix, source: "static", set: { communities: [community] }, line: 0 })),
  };
}

/** Where an export policy is asked of every route, what is connected enters without a word. */
function enteringOn({ exports }: Platform, config: RouterConfig, { enters }: ReadRouter): Pick<ReadRouter, "enters"> {
  const connected = config.originated.filter(({ community }) => exports === "every route" && sourceOf(config, community) === "connected");
  return { enters: [...enters, ...connected.map(({ prefix }) => ({ prefix, source: "connected" as const, line: 0 }))] };
}

/** Own prefixes that pass. */
function ownTold(book: Book, { enters }: Pick<ReadRouter, "enters">, chain: readonly string[], family: Family): readonly string[] {
  return enters
    .flatMap((entry) => {
      if (!("prefix" in entry) || familyOf(entry.prefix) !== family) return [];
      const route = changedBy({ ...bgpRoute(placeOf(entry.prefix), [], STRANGE[family]), source: entry.source }, entry.set ?? {});
      return decide(book, chain, "reject", route).accepted === "no" ? [] : [entry.prefix];
    })
    .toSorted();
}

function sameTranslation({ pnat }: RouterConfig, read: ReadRouter, { name }: Platform): void {
  const cannot = name === "eos" || name === "srlinux";
  const found = read.pnat.map(({ source, except, pool, uplink }) => ({ source, except: [...new Set(except)], pool, uplink }));
  const { sources = [], except, pool, uplink } = pnat ?? {};
  const wanted = cannot ? [] : sources.map((source) => ({ source, except, pool, uplink }));
  assert.deepEqual(found, wanted);
  if (name === "junos")
    assert.deepEqual(
      read.pnat.map(({ ports }) => ports),
      sources.map(() => (sources.length > 1 ? undefined : pnat?.ports)),
    );
}

const show = ({ bits, length }: Place) => ({ bits: bits.toString(16), length });
