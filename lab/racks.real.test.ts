/** Racks, hosts with two uplinks and meshes, with routers alone: who reaches whom, by how many ways, and where it ends. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { fakeLog } from "#contracts/log.fake.ts";
import { racked } from "#core/intent/bgp-topologies.ts";
import type { Topology } from "#core/intent/bgp-topologies.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { addressAt, hostPrefix } from "#core/net/prefix.ts";
import { compile } from "#core/intent/compile.ts";
import { watchNeighbours } from "#engine/neighbour-watch.ts";
import { furnish } from "./build.ts";
import { fabricStands } from "./fabric.ts";
import { hopsTo, leads } from "./kernel-routes.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { ping, tcp } from "./probe.ts";
import { must } from "./program.ts";
import { configure, lowerEdge, raiseEdge, startBirds, watchParts } from "./provider-edge.ts";
import type { Edge } from "./provider-edge.ts";
import { outsideHost } from "./topology.ts";
import { until } from "./wait.ts";

const lab = await ownLab("rack");
const at = (machine: string) => machineNetns(lab, machine);
const FAMILIES = [4, 6] as const;

const NO_VMS = { endpoints: new Map(), subnets: new Map(), groups: new Map(), members: new Map(), prefixes: new Map() };
const OFFSETS = { one: 10n, two: 11n, nobody: 99n };

/** An address of a range that is reached from outside. */
function addressOf({ dc }: Pick<Edge, "dc">, who: keyof typeof OFFSETS, family: Family): Ip {
  const range = family === 4 ? dc.ranges.public : dc.ranges.ipv6?.external;
  if (range === undefined) throw new Error(`no range of IPv${family}`);
  return addressAt(range, OFFSETS[who]);
}

/** A VM on the first host and one on the last. */
function edgeOf(topology: Topology): Edge {
  const dc = racked(topology);
  const [first, last] = [dc.hosts[0], dc.hosts.at(-1)].map((host) => host?.name ?? "");
  const vm = (name: "one" | "two", host = "") => ({ name, host, addresses: FAMILIES.map((family) => addressOf({ dc }, name, family)) });
  const vms = [vm("one", first), vm("two", last)];
  // Where it may move to.
  const assigned = dc.hosts.map(({ name }) => ({ host: name, addresses: vms[0]?.addresses ?? [] }));
  return { lab, dc, vms, assigned };
}

async function stand(edge: Edge): Promise<void> {
  await raiseEdge(edge);
  startBirds(edge);
  await fabricStands(lab, edge.dc);
  const machines = [...edge.dc.gateways, ...edge.dc.hosts].map(({ name }) => name);
  await until({ what: "all to lead to all", timeout: 15_000 }, async () => {
    const asked = machines.flatMap((machine) =>
      edge.vms.filter(({ host }) => host !== machine).flatMap(({ addresses }) => addresses.map((ip) => ({ machine, ip }))),
    );
    const hops = await Promise.all(asked.map(({ machine, ip }) => hopsTo(at(machine), ip)));
    const missing = asked.find((_, index) => hops[index] === "");
    return missing && `${missing.machine} knows no way to ${missing.ip}`;
  });
}

/** Each VM reaches the other and the outside, and is reached, as itself; an address that nobody has is unreachable from everywhere. */
async function serves(edge: Edge): Promise<void> {
  const outside = outsideHost(edge.dc.lab);
  await Promise.all(
    FAMILIES.flatMap((family) => {
      const there = family === 4 ? outside.ipv4 : outside.ipv6;
      return (["one", "two"] as const).map(async (name) => {
        const [own, other] = [addressOf(edge, name, family), addressOf(edge, name === "one" ? "two" : "one", family)];
        const asked = await Promise.all([
          tcp(vmNetns(lab, name), other, 80),
          tcp(vmNetns(lab, name), there, 80),
          tcp(at("outside"), own, 80),
        ]);
        const seen = asked.map(({ peerSaw, error }) => peerSaw ?? error);
        assert.deepEqual(seen, [own, own, there], `${own} to ${other}, to ${there}, and from there`);
      });
    }),
  );
  await Promise.all(
    FAMILIES.flatMap((family) =>
      [at("outside"), vmNetns(lab, "one"), vmNetns(lab, "two")].map(async (from) => {
        const { reached, error = "" } = await ping(from, addressOf(edge, "nobody", family), { patience: 4 });
        assert.ok(!reached && /unreachable/i.test(error), `from ${from} by IPv${family}: ${error}`);
      }),
    ),
  );
}

/** The same addresses on another host, as after a move; the first host does not know of it yet. */
async function moves(edge: Edge, to: string): Promise<void> {
  const routes = FAMILIES.map(
    (family) => `route add ${hostPrefix(addressOf(edge, "one", family))} dev tapmoved proto ${MARGAY_PROTOCOL} metric 1023`,
  );
  await must(["ip", "-n", at(to), "-batch", "-"], {
    input: ["link add tapmoved type veth peer name moved", "link set tapmoved up", "link set moved up", ...routes].join("\n"),
  });
}

const SHAPES: readonly Topology[] = [
  "one rack with an AS, one without, and a host in none",
  "unnumbered racks with an AS each",
  "racks with an AS each, without reflectors",
  "two uplinks, racks with an AS each",
  "mesh with racks, one with an AS",
];

for (const topology of SHAPES)
  describe(topology, () => {
    const edge = edgeOf(topology);
    after(() => lowerEdge(edge));

    test("all reach all, and nobody's address is unreachable", async () => {
      await stand(edge);
      await serves(edge);
    });

    if (topology === "two uplinks, racks with an AS each")
      test("flows are shared between both routers, in both directions", async () => {
        await leads(at("gw1"), addressOf(edge, "one", 4), "192.168.100.101 192.168.100.102");
        await leads(at("gw1"), addressOf(edge, "one", 6), "2001:db8:a41:f::101 2001:db8:a41:f::102");
        await leads(at("gw1"), "192.168.200.11" as Ip, "192.168.100.101 192.168.100.102");
        await leads(at("h1"), "default", "192.168.101.1 192.168.102.1");
        // A neighbour of the same rack is reached at once; and a router never sends to its host by way of the other one.
        await leads(at("h1"), addressOf(edge, "two", 4), "192.168.102.12");
        await leads(at("tor1"), "192.168.200.11" as Ip, "192.168.101.11");
        await leads(at("tor1"), addressOf(edge, "one", 4), "192.168.101.11");
      });

    if (topology === "two uplinks, racks with an AS each")
      test("a link that is cut is left by both ends, long before BGP's hold time, and taken up again", async (t) => {
        for (const end of watchParts(edge, fakeLog()).map(watchNeighbours)) t.after(end);
        // What the host's agent sets besides BGP.
        const { sysctls } = compile({ ...NO_VMS, datacenter: edge.dc }, { role: "compute", host: "h1" });
        const own = sysctls
          .map(({ value: { path, value } }) => `${path}=${value}`)
          .filter((setting) => /^net\/ipv[46]\/(conf|fib)/.test(setting));
        await furnish(at("h1"), own, []);
        const cable = (state: "down" | "up") => must(["ip", "-n", at("tor1"), "link", "set", "h1", state]);
        await cable("down");
        const cut = performance.now();
        await leads(at("gw1"), addressOf(edge, "one", 4), "192.168.100.102");
        await leads(at("gw1"), addressOf(edge, "one", 6), "2001:db8:a41:f::102");
        assert.ok(performance.now() - cut < 5000, "BFD says so within half a second; this machine may be slow");
        await serves(edge);
        await cable("up");
        await leads(at("gw1"), addressOf(edge, "one", 4), "192.168.100.101 192.168.100.102");
      });

    if (topology === "one rack with an AS, one without, and a host in none")
      test("a VM that moves to another rack is where it moved, for all, the host that it left included", async () => {
        await leads(at("gw1"), addressOf(edge, "one", 4), "192.168.100.101");
        await moves(edge, "h3");
        for (const machine of ["gw1", "gw2", "tor1", "h4"]) {
          await leads(at(machine), addressOf(edge, "one", 4), "192.168.100.102");
          await leads(at(machine), addressOf(edge, "one", 6), "2001:db8:a41:f::102");
        }
        await leads(at("h1"), addressOf(edge, "one", 4), "192.168.101.1");
      });

    if (topology === "racks with an AS each, without reflectors")
      test("a gateway that is drained is the last resort of racks of another AS, too", async () => {
        await leads(at("tor1"), "default", "192.168.100.1 192.168.100.2");
        const drained = {
          ...edge,
          dc: { ...edge.dc, gateways: edge.dc.gateways.map((each, at) => (at === 0 ? { ...each, drained: true as const } : each)) },
        };
        await configure(drained, "gw1");
        await leads(at("tor1"), "default", "192.168.100.2");
      });
  });
