import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataCenter } from "../datacenter/data-center.ts";
import { racksOf } from "../datacenter/racks.ts";
import { coreInterfaces } from "../datacenter/segments.ts";
import { sessionsOf } from "../datacenter/sessions.ts";
import { bfdBird, leftBy, watchedBy } from "./bfd.ts";
import { computeBgp } from "./bgp-compute.ts";
import { CROSSINGS, racked, speakersOf, TOPOLOGIES } from "./bgp-topologies.ts";
import { dataCenterOf, VARIANTS } from "./bgp-variants.ts";
import { birdTexts } from "./bird-texts.ts";
import { gatewayBird } from "./gateway-bgp.ts";

const ALL: readonly (readonly [string, DataCenter])[] = [
  ...VARIANTS.map((name) => [name, dataCenterOf(name)] as const),
  ...TOPOLOGIES.map((name) => [name, racked(name)] as const),
  ...CROSSINGS,
];

test("what speaks BFD on a host, whole", () => {
  assert.equal(
    bfdBird(dataCenterOf("two of everything"), "h1"),
    `# h1: written by Margay from the data centre guide; changes made here are lost.
# Speaks BFD for the machine, whatever becomes of the BIRD that speaks BGP.
log stderr { info, warning, error, fatal, bug, auth, remote };
router id 192.0.2.1;
protocol device { scan time 10; }
protocol bfd {
  accept direct;
  strict bind;
  interface "fab0" {
    interval 80 ms;
    idle tx interval 200 ms;
    multiplier 4;
  };
  neighbor 192.168.100.5 dev "fab0" local 192.168.100.11;
  neighbor 192.168.100.6 dev "fab0" local 192.168.100.11;
}
`,
  );
});

test("in an unnumbered rack BFD is spoken by link-local addresses, on each link with its own neighbour", () => {
  const [host, tor] = ["h1", "tor1"].map((name) => bfdBird(racked("two uplinks, unnumbered"), name) ?? assert.fail(name));
  for (const link of ["fab0", "fab1"]) assert.match(host ?? "", new RegExp(`neighbor fe80::1 dev "${link}" local fe80::2;`));
  assert.match(tor ?? "", /neighbor fe80::2 dev "swp1" local fe80::1;/);
  assert.match(tor ?? "", /neighbor 192\.168\.100\.5 dev "fab0" local 192\.168\.100\.101;/);
});

test("the process that speaks BFD is not the one that speaks BGP: neither ends with the other, nor is reloaded for it", () => {
  const daemons = computeBgp(dataCenterOf("guide"), "h1").daemons ?? [];
  assert.deepEqual(
    daemons.map(({ value }) => value.name),
    ["bird", "bfd"],
  );
  assert.deepEqual(daemons[1]?.value.after, ["file/bird/bfd.conf", "link/fab0"]);
});

for (const [shape, dc] of ALL) {
  test(`${shape}: both ends of every session on the fabric speak BFD with each other, by the addresses of the session`, () => {
    const spoken = speakersOf(dc).flatMap(({ name }) => watchedBy(dc, name).map((each) => lineOf(name, each.local, each.peer)));
    const sessions = sessionsOf(dc).filter(({ kind }) => kind !== "customer");
    const wanted = sessions.flatMap(({ near, far }) => [lineOf(near.name, near.ip, far.ip), lineOf(far.name, far.ip, near.ip)]);
    assert.deepEqual(spoken.toSorted(), dc.fabric.bfd === undefined ? [] : wanted.toSorted());
  });

  test(`${shape}: a session is called by the name that the machine's BIRD has for it, and is on a link that the machine has`, () => {
    for (const [name, text] of birdTexts(dc))
      for (const { session, interface: link } of watchedBy(dc, name)) {
        assert.ok(text.includes(`protocol bgp '${session}' from `), `${name}: ${session}`);
        assert.ok(linksOf(dc, name).includes(link), `${name}: ${link}`);
      }
  });

  test(`${shape}: whoever forwards is left when it is gone; a reflector is waited for by all but other reflectors`, () => {
    const reflectors = new Set(dc.reflectors.map(({ name }) => name));
    for (const { name } of speakersOf(dc)) {
      const left = new Set(leftBy(dc, name).map((each) => each.name));
      for (const other of watchedBy(dc, name)) assert.equal(left.has(other.name), reflectors.has(name) || !reflectors.has(other.name));
    }
  });
}

test("with its provider a gateway's own BIRD speaks BFD, only where that is declared", () => {
  const of = (dc: DataCenter) => gatewayBird(dc, dc.gateways[0] ?? assert.fail());
  assert.doesNotMatch(of(dataCenterOf("guide")), /bfd/);
  assert.match(of(dataCenterOf("BFD with the provider")), /protocol bfd \{[^}]*interface "wan0"/);
  assert.equal(of(dataCenterOf("BFD with the provider")).match(/bfd on;/g)?.length, 2);
});

function lineOf(name: string, local: string, peer: string): string {
  return `${name}: ${local} to ${peer}`;
}

function linksOf(dc: DataCenter, name: string): readonly string[] {
  const rack = racksOf(dc).find(({ tor }) => tor.name === name);
  const host = dc.hosts.find((each) => each.name === name);
  const uplinks = host?.uplinks;
  const ports = dc.hosts.flatMap((each) =>
    (each.uplinks ?? []).filter((uplink) => uplink.rack === rack?.name).flatMap(({ port }) => port ?? []),
  );
  if (rack !== undefined) return [rack.tor.uplink, ...(rack.tor.interface === undefined ? ports : [rack.tor.interface])];
  return uplinks?.map((uplink) => uplink.interface) ?? coreInterfaces(dc);
}
