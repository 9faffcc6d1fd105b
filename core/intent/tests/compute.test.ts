import assert from "node:assert/strict";
import { ROLES } from "../../datacenter/roles.ts";
import { test } from "node:test";
import fc from "fast-check";
import type { Endpoint, View } from "../../feed/item.ts";
import { membersIn } from "../../feed/members.ts";
import { address } from "../../kinds/address.ts";
import { daemon } from "../../kinds/daemon.ts";
import { file } from "../../kinds/file.ts";
import { refOf } from "../../kinds/kind.ts";
import type { Kind, Ref, Wanted } from "../../kinds/kind.ts";
import { link } from "../../kinds/link.ts";
import { neighbour } from "../../kinds/neighbour.ts";
import { nft } from "../../kinds/nft.ts";
import { route, UNANNOUNCED_METRIC } from "../../kinds/route.ts";
import { sysctl } from "../../kinds/sysctl.ts";
import { compile } from "../compile.ts";
import { AGGREGATE_METRIC, compileCompute } from "../compute.ts";
import { METADATA_LINK } from "../metadata.ts";
import type { Intent } from "../intent.ts";
import { NOTHING } from "../intent.ts";
import { cidr, group, ip, mac, OPEN, port, rule, SUBNETS, subnet, uuid, viewOf } from "./sample-view.ts";

const SELF = { host: "h1", role: "compute" } as const;

/** All objects of an intent as names, with what they need. */
function objects(intent: Intent): { readonly ref: Ref; readonly needs: readonly Ref[]; readonly because: readonly string[] }[] {
  const of = <V>(kind: Kind<V>, all: readonly Wanted<V>[]) =>
    all.map(({ value, because }) => ({ ref: refOf(kind, value), needs: kind.needs(value), because }));
  return [
    ...of(link, intent.links),
    ...of(sysctl, intent.sysctls),
    ...of(nft, intent.nft),
    ...of(neighbour, intent.neighbours),
    ...of(address, intent.addresses),
    ...of(file, intent.files),
    ...of(daemon, intent.daemons),
    ...of(route, intent.routes),
  ];
}

const WEB = group("web", [
  rule("ingress", 4, { protocol: 6, port_range_min: 80, port_range_max: 80 }),
  rule("ingress", 6, { remote: { group: uuid("web") } }),
]);

function floatings(at: number, own: string): Readonly<Record<"nowhere" | "whole" | "by ports", Endpoint["floating"]>> {
  const named = { id: uuid(`f${at}`), ip: ip(`172.18.208.${at}`) };
  const [external, internal] = [
    { first: 8000 + at, last: 8000 + at },
    { first: 80, last: 80 },
  ];
  return {
    nowhere: [],
    whole: [{ ...named, stands_for: ip(own), forwards: [] }],
    "by ports": [{ ...named, stands_for: null, forwards: [{ protocol: "tcp", external, to: ip(own), internal }] }],
  };
}

const endpoints: fc.Arbitrary<Endpoint[]> = fc.uniqueArray(fc.integer({ min: 2, max: 250 }), { maxLength: 6 }).chain((all) =>
  fc.tuple(
    ...all.map((at) =>
      fc
        .record({
          groups: fc.constantFrom([], [uuid("open")], [uuid("web")], [uuid("open"), uuid("web")], [uuid("unheard-of")]),
          port_security: fc.boolean(),
          admin_state_up: fc.boolean(),
          pairs: fc.constantFrom(
            [],
            [{ prefix: cidr("10.65.7.0/24"), mac: mac("00:00:5e:00:01:01") }],
            [{ prefix: cidr("::/0"), mac: mac("fa:16:3e:00:00:07") }],
          ),
          dhcp_options: fc.constantFrom([], [{ name: "ntp-server", value: "192.0.2.1", family: 4 as const }]),
          six: fc.boolean(),
          known: fc.constantFrom("nowhere", "whole", "by ports"),
        })
        .map(({ six, known, ...more }) => {
          const own = `10.65.0.${at}`;
          return port(at, [own, ...(six ? [`2001:db8:a41:3::${at}`] : [])], { ...more, floating: floatings(at, own)[known] });
        }),
    ),
  ),
);

const views: fc.Arbitrary<View> = endpoints.map((all) =>
  viewOf(all, {
    with: [OPEN, WEB],
    members: new Map([[uuid("web"), membersIn(["10.65.0.9", "2001:db8:a41:3::9", "2001:db8:a41:3::10"].map(ip))]]),
  }),
);

/** The same, told in another order. */
function shuffled(view: View): View {
  const turned = <K, V>(map: ReadonlyMap<K, V>) => new Map([...map].toReversed());
  const members = new Map([...view.members].map(([id, all]) => [id, turned(all)] as const));
  return {
    ...view,
    endpoints: turned(view.endpoints),
    subnets: turned(view.subnets),
    groups: turned(view.groups),
    members: turned(members),
  };
}

test("invariant 2: a host's intent is a function of its view alone: not of the order in which it was told, nor of what was asked before", () => {
  fc.assert(
    fc.property(views, views, (view, other) => {
      const first = compile(view, SELF);
      compile(other, SELF);
      assert.deepEqual(compile(shuffled(view), SELF), first);
    }),
    { numRuns: 100 },
  );
});

test("invariant 6: an endpoint is reachable only after its policy, its anti-spoofing and the filter around them", () => {
  fc.assert(
    fc.property(views, (view) => {
      const intent = compile(view, SELF);
      const all = objects(intent);
      const frame = all.filter(({ ref, because }) => ref.startsWith("nft/") && because.includes("datacenter/this"));
      for (const endpoint of view.endpoints.values()) {
        const own = all.filter(
          ({ ref, because }) => ref.startsWith("nft/") && ref.includes(" element ") && because.includes(`port/${endpoint.port_id}`),
        );
        assert.ok(["senders", "egress", "ingress"].every((of) => own.some(({ ref }) => ref.includes(` element ${of} `))));
        const routes = intent.routes.filter(({ because }) => because.includes(`port/${endpoint.port_id}`));
        assert.equal(routes.length, endpoint.admin_state_up ? endpoint.addresses.length + endpoint.floating.length : 0);
        for (const { value } of routes)
          for (const { ref } of [...frame, ...own]) assert.ok(route.needs(value).includes(ref), `${refOf(route, value)} waits for ${ref}`);
      }
    }),
    { numRuns: 50 },
  );
});

test("what an object needs is wanted too, and no two objects have one name", () => {
  fc.assert(
    fc.property(views, (view) => {
      const all = objects(compile(view, SELF));
      const names = all.map(({ ref }) => ref);
      const links = all.filter(({ ref }) => ref.startsWith("link/"));
      assert.equal(new Set(names).size, names.length);
      assert.ok(links.length > 0);
      for (const { ref, needs } of all) for (const need of needs) assert.ok(names.includes(need), `${ref} needs ${need}`);
    }),
    { numRuns: 50 },
  );
});

test("nothing before there is a data centre", () => {
  for (const role of ROLES)
    assert.deepEqual(compile(viewOf([port(1, ["10.65.0.5"])], { datacenter: undefined }), { host: "h1", role }), NOTHING);
});

test("equal rules are one chain, shared; other rules are another chain, and one element changes", () => {
  const chains = (view: View) =>
    compileCompute(view, "h1").nft.flatMap(({ value }) => (value.object === "chain" && /^(in|out)-/.test(value.name) ? [value.name] : []));
  const shared = chains(viewOf([port(1, ["10.65.0.5"]), port(2, ["10.65.0.6"]), port(3, ["10.65.0.7"])]));
  assert.equal(shared.length, 2);
  const one = compileCompute(viewOf([port(1, ["10.65.0.5"])], { with: [OPEN] }), "h1");
  const two = compileCompute(viewOf([port(1, ["10.65.0.5"])], { with: [{ ...OPEN, rules: OPEN.rules.slice(0, 3) }] }), "h1");
  const text = (intent: Intent) => new Set(intent.nft.map(({ value }) => nft.show(value)));
  const [before, after] = [text(one), text(two)];
  assert.deepEqual(
    [...after]
      .filter((line) => !before.has(line))
      .map((line) => line.split(" ", 3).join(" "))
      .toSorted(),
    [
      `inet chain ${chains(viewOf([port(1, ["10.65.0.5"])], { with: [{ ...OPEN, rules: OPEN.rules.slice(0, 3) }] })).find((name) => name.startsWith("in-"))}`,
      "inet ingress {",
    ],
  );
});

test("each declared range ends here as unreachable, behind every other route", () => {
  const ends = compileCompute(viewOf([]), "h1").routes.map(({ value }) => route.show(value));
  assert.deepEqual(
    ends,
    ["172.18.208.0/24", "10.65.0.0/16", "2001:db8:a41:2::/63"].map((range) => `${range} unreachable metric 1048576`),
  );
});

test("the anchor has the gateways' addresses, with or without DHCP, and a network of guests that make their own addresses has its own", () => {
  const own = subnet("own6", uuid("own"), "2001:db8:a41:2:8000::/65", { ipv6_mode: "slaac", gateway_ip: ip("2001:db8:a41:2:8000::1") });
  const quiet = SUBNETS.map((each) => ({ ...each, enable_dhcp: false }));
  const linksOf = (view: View) =>
    compileCompute(view, "h1").links.flatMap(({ value }) =>
      value.own === undefined || value.name === METADATA_LINK ? [] : [link.show(value)],
    );
  const common = "margay0 10.65.0.1/16 172.18.208.1/24 2001:db8:a41:2::1/64 2001:db8:a41:3::1/64";
  assert.deepEqual(linksOf(viewOf([])), [common]);
  assert.deepEqual(linksOf(viewOf([], { subnets: new Map(quiet.map((each) => [each.id, each])) })), [common]);
  const subnets = new Map([...SUBNETS, own].map((each) => [each.id, each]));
  assert.deepEqual(linksOf(viewOf([], { subnets })), [common]);
  const guest = port(1, ["10.65.0.5"], { network_id: uuid("own") });
  assert.deepEqual(linksOf(viewOf([guest], { subnets })), [common, `margay${uuid("own").slice(0, 8)} 2001:db8:a41:2:8000::1/65`]);
});

test("of a port whose VM is still elsewhere everything is held, and nothing announced", () => {
  const here = port(1, ["10.65.0.5", "2001:db8:a41:3::5"]);
  const [before, after] = [
    { ...here, host: "h2" },
    { ...here, moves: 1 },
  ].map((endpoint) => compileCompute(viewOf([endpoint]), "h1"));
  const routes = (intent = before) => intent?.routes.flatMap(({ value }) => ("dev" in Object(value.to) ? [route.show(value)] : [])) ?? [];
  assert.equal(routes(before).length, 2);
  for (const metric of before?.routes.flatMap(({ value }) => ("dev" in Object(value.to) ? [value.metric] : [])) ?? [])
    assert.ok(metric >= UNANNOUNCED_METRIC && metric < AGGREGATE_METRIC, `${metric} is neither announced nor less than the aggregate`);
  assert.equal(routes(after).length, 2);
  // Which flows go with an object is never compared.
  const rest = (intent = before) => ({ ...intent, routes: [], nft: intent?.nft.map(({ value, because }) => [nft.show(value), because]) });
  assert.deepEqual(rest(before), rest(after), "nothing but the routes changes when it comes");
});
