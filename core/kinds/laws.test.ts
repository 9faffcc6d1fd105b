/** Laws that every kind keeps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ipOf } from "../net/address.ts";
import { chosenMac } from "../net/mac.ts";
import { hostPrefix } from "../net/prefix.ts";
import { diff } from "../reconcile/diff.ts";
import { address } from "./address.ts";
import type { TapAddress } from "./address.ts";
import { daemon } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { file } from "./file.ts";
import type { File } from "./file.ts";
import type { Kind, Ref } from "./kind.ts";
import { refOf } from "./kind.ts";
import { link, OWN_LINK_PREFIX } from "./link.ts";
import type { Link } from "./link.ts";
import { neighbour } from "./neighbour.ts";
import type { Neighbour } from "./neighbour.ts";
import { nft } from "./nft.ts";
import type { Nft } from "./nft.ts";
import { offload } from "./offload.ts";
import type { Offload } from "./offload.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { sysctl } from "./sysctl.ts";
import type { Sysctl } from "./sysctl.ts";

// Few names and values, so that equal keys and equal values are frequent.
const ip = fc.tuple(fc.constantFrom<4 | 6>(4, 6), fc.bigInt(0n, 3n)).map(([family, bits]) => ipOf(family, bits));
const dev = fc.constantFrom("tap1", "tap2");
const word = fc.constantFrom("a", "b");
const GIVEN: readonly Ref[] = ["nft/inet chain a", "file/a"];
const refs = fc.subarray([...GIVEN]);
const family = fc.constantFrom<"inet" | "arp">("inet", "arp");

const links: fc.Arbitrary<Link> = fc.oneof(
  dev.map((name) => ({ name })),
  fc
    .tuple(word, fc.array(ip, { maxLength: 2 }))
    .map(([name, ips]) => ({ name: OWN_LINK_PREFIX + name, own: { addresses: ips.map((each) => ({ ip: each, length: 24 })) } })),
);
const neighbours: fc.Arbitrary<Neighbour> = fc.record({ dev, ip, lladdr: fc.nat(2).map(chosenMac) });
const addresses: fc.Arbitrary<TapAddress> = fc.record({ dev, ip });
const routes: fc.Arbitrary<Route> = fc.record({
  prefix: ip.map(hostPrefix),
  to: fc.oneof(fc.constant("unreachable" as const), fc.record({ dev })),
  metric: fc.constantFrom(1024, 2048),
  after: refs,
});
const offloads: fc.Arbitrary<Offload> = fc.record({ dev, after: refs });
const sysctls: fc.Arbitrary<Sysctl> = fc.record({ path: dev.map((name) => `net/ipv4/conf/${name}/proxy_arp`), value: word });
const files: fc.Arbitrary<File> = fc.record({ path: word, content: word });
const daemons: fc.Arbitrary<Daemon> = fc.record({
  name: word,
  argv: fc.array(word, { minLength: 1, maxLength: 2 }),
  startedWith: word,
  loaded: word,
  reload: fc.constant({ signal: "SIGHUP" as const }),
  after: refs,
});
const nfts: fc.Arbitrary<Nft> = fc.oneof(
  fc.record({ object: fc.constant("chain" as const), family, name: word, rules: fc.array(word, { maxLength: 2 }), uses: refs }),
  fc.record({ object: fc.constant("flowtable" as const), family, name: word, hook: word }),
  fc.record({ object: fc.constantFrom<"set" | "map">("set", "map"), family, name: word, type: word }),
  fc.record({ object: fc.constant("element" as const), family, of: word, element: word, value: word, uses: refs }),
  fc.record({
    object: fc.constant("share" as const),
    family,
    of: word,
    share: fc.nat(1),
    elements: fc.array(word, { minLength: 1, maxLength: 2 }),
  }),
);

/** `show: "all"` where the line for people tells everything that packets and programs depend on. */
function laws<V>(kind: Kind<V>, values: fc.Arbitrary<V>, { show }: { readonly show: "all" | "some" }): void {
  const unique = fc.uniqueArray(values, { selector: kind.key, maxLength: 6 });
  describe(kind.name, () => {
    test("its key is never empty, and the same for an equal value", () => {
      fc.assert(fc.property(values, (value) => kind.key(value) !== "" && kind.key(value) === kind.key(structuredClone(value))));
    });

    test("among values of one key, sameness is an equivalence", () => {
      fc.assert(fc.property(values, (value) => kind.same(value, structuredClone(value))));
      fc.assert(
        fc.property(values, values, values, (a, b, c) => {
          fc.pre(kind.key(a) === kind.key(b));
          assert.equal(kind.same(a, b), kind.same(b, a));
          if (kind.key(b) === kind.key(c) && kind.same(a, b) && kind.same(b, c)) assert.ok(kind.same(a, c));
        }),
      );
    });

    test("values that show alike under one key are the same", { skip: show === "some" }, () => {
      fc.assert(fc.property(values, values, (a, b) => kind.key(a) !== kind.key(b) || kind.show(a) !== kind.show(b) || kind.same(a, b)));
    });

    test("besides what it was told to come after, it needs at most a link", () => {
      fc.assert(fc.property(values, (value) => kind.needs(value).every((ref) => GIVEN.includes(ref) || /^link\/tap[12]$/.test(ref))));
    });

    test("nothing separates a host from itself", () => {
      fc.assert(fc.property(unique, (held) => diff(kind, held, structuredClone(held), { prune: true }).length === 0));
    });

    test("a host that applies the difference holds what is wanted, and without pruning also what it held", () => {
      fc.assert(
        fc.property(unique, unique, fc.boolean(), (want, have, prune) => {
          const host = new Map(have.map((value) => [refOf(kind, value), value]));
          for (const change of diff(kind, want, have, { prune })) {
            if (change.op === "delete") host.delete(change.ref);
            else host.set(change.ref, change.want);
          }
          for (const value of want) assert.ok(kind.same(value, host.get(refOf(kind, value)) ?? assert.fail("missing")));
          const refsOf = (list: readonly V[]) => list.map((value) => refOf(kind, value));
          assert.deepEqual(new Set(host.keys()), new Set(prune ? refsOf(want) : [...refsOf(want), ...refsOf(have)]));
        }),
      );
    });
  });
}

laws(link, links, { show: "all" });
laws(sysctl, sysctls, { show: "all" });
laws(nft, nfts, { show: "all" });
laws(address, addresses, { show: "all" });
laws(neighbour, neighbours, { show: "all" });
laws(offload, offloads, { show: "all" });
// Of a file, its length is shown; of a daemon, its program without what it has loaded.
laws(file, files, { show: "some" });
laws(daemon, daemons, { show: "some" });
laws(route, routes, { show: "all" });
