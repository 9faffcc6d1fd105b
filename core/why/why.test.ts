/** `why` as values: a cloud and what machines say in, the chain and its verdict out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "../feed/item.ts";
import { alive } from "../feed/status.ts";
import { ADMIN, MEMBER, sandbox } from "../neutron/sandbox.ts";
import { ok } from "../result.ts";
import { answerWhy } from "./api.ts";
import { chainOf } from "./chain.ts";
import type { BirdEvidence, HostEvidence, ObjectRecord } from "./evidence.ts";
import { readBirdRoutes } from "./evidence.ts";
import { changed } from "../datacenter/sample.ts";
import { readDataCenter } from "../datacenter/read.ts";
import { recordsOf } from "./records-of.ts";
import type { Said } from "../feed/item.ts";
import type { Records } from "./records.ts";

interface Thing {
  readonly id: string;
}

/** A network with a subnet, a compute host h1 that is heard, and a port on it. */
function setting() {
  const { ask, cloud, decide, time } = sandbox();
  decide(alive({ op: "hello", host: "h1", role: "compute", started_at: time.now }));
  const make = (kind: string, body: object) =>
    (ask(ADMIN, "POST", `${kind}s`, { [kind]: body }).body as Record<string, Thing>)[kind] as Thing;
  const network = make("network", { name: "net" });
  make("subnet", { name: "sub", network_id: network.id, cidr: "10.65.0.0/24", ip_version: 4 });
  const port = make("port", { network_id: network.id, name: "web", fixed_ips: [{ ip_address: "10.65.0.9" }], "binding:host_id": "h1" });
  let said: Said = () => undefined;
  const reports = (endpoint: Report["endpoints"][string]) =>
    (said = () => ({ report: { op: "report", revision: 7, endpoints: { [port.id]: endpoint }, arrived: {}, taken: {}, troubles: [] } }));
  const records = (asked: string): Records => {
    const found = recordsOf(cloud, { asked, now: time.now, said });
    assert.ok(found.ok, found.ok ? "" : found.refusal.message);
    return found.value;
  };
  return { ask, cloud, decide, time, make, network, port, reports, records, tap: `tap${port.id.slice(0, 11)}` };
}

const UNASKED: HostEvidence = { state: "unasked" };

function told(objects: readonly ObjectRecord[], controller = "connected"): HostEvidence {
  return { state: "told", host: "h1", controller, revision: 7, objects };
}

const object = (port: Thing, ref: string, more: Partial<ObjectRecord> = {}): ObjectRecord => ({
  object: ref,
  show: ref,
  wanted: true,
  state: "done",
  because: [`port/${port.id}`],
  ...more,
});

const BIRD: BirdEvidence = {
  machine: "h1",
  role: "compute",
  sessions: [{ name: "reflector:rr1", established: true }],
  routes: { "10.65.0.9/32": [{ from: "kernel4", to: "dev tap1", best: true }] },
};

test("a port is found by id, tap, name and each of its addresses; by a name that two have it is not", () => {
  const { records, port, tap, make, network, cloud, time } = setting();
  for (const asked of [port.id, tap, "web", "10.65.0.9"]) assert.equal(records(asked).port?.id, port.id, asked);
  make("port", { network_id: network.id, name: "web" });
  const asking = { now: time.now, said: () => undefined };
  for (const [asked, status] of [
    ["web", 409],
    ["nonsense", 404],
    ["", 404],
  ] as const) {
    const found = recordsOf(cloud, { ...asking, asked });
    assert.equal(found.ok ? 200 : found.refusal.status, status, asked);
  }
});

test("what is programmed and announced is served, and whoever passes it on is named", () => {
  const { records, port, tap, reports } = setting();
  reports({ state: "up" });
  const own = [object(port, `link/${tap}`), object(port, "route/10.65.0.9/32 metric 1024")];
  const rr: BirdEvidence = {
    ...BIRD,
    machine: "rr1",
    role: "reflector",
    routes: { "10.65.0.9/32": [{ from: "host:h1", to: "via 1", best: true }] },
  };
  const chain = chainOf({ records: records("10.65.0.9"), host: told(own), birds: [BIRD, rr] });
  assert.deepEqual([chain.served, chain.verdict], ["yes", "10.65.0.9 is served by h1, and known to rr1"]);
  assert.deepEqual(
    chain.parts.map(({ title }) => title),
    ["the cloud", "the agent of h1", "on h1", "BGP"],
  );
  const silent = chainOf({ records: records("10.65.0.9"), host: told(own), birds: [BIRD, { ...rr, routes: {} }] });
  assert.equal(silent.verdict, "10.65.0.9 is programmed on h1, but BGP lacks it: rr1 10.65.0.9/32: not known");
  const alone = chainOf({ records: records("10.65.0.9"), host: told(own), birds: [{ ...BIRD, sessions: [] }] });
  assert.match(alone.verdict, /there is nobody to announce it to/);
});

test("waits are followed to their root: a tap that Nova has not plugged, or an object that failed", () => {
  const { records, port, tap } = setting();
  const link = object(port, `link/${tap}`, { state: "held", waits_for: `link/${tap}` });
  const route = object(port, "route/10.65.0.9/32", { state: "held", waits_for: "sysctl/a" });
  const sysctl = object(port, "sysctl/a", { state: "held", waits_for: `link/${tap}` });
  const waiting = chainOf({ records: records("web"), host: told([link, sysctl, route]), birds: [] });
  assert.deepEqual([waiting.served, waiting.verdict], ["no", `web waits for link/${tap} on h1: Nova has not plugged it`]);
  const steps = waiting.parts.find(({ title }) => title === "on h1")?.steps ?? [];
  assert.deepEqual(steps.find(({ about }) => about.startsWith("route"))?.waits_for, ["sysctl/a", `link/${tap}`]);

  const failed = { ...sysctl, because: [], state: "failed", reason: "no such file", waits_for: undefined };
  const { waits_for: _, ...broken } = failed;
  const chain = chainOf({ records: records("web"), host: told([object(port, `link/${tap}`), route, broken as ObjectRecord]), birds: [] });
  assert.equal(chain.verdict, "web fails on h1 at sysctl/a: no such file");
});

test("many objects that wait for the same are one line", () => {
  const { records, port, tap } = setting();
  const many = ["a", "b", "c"].map((name) => object(port, `sysctl/${name}`, { state: "held", waits_for: `link/${tap}` }));
  const { parts } = chainOf({ records: records("web"), host: told(many), birds: [] });
  assert.deepEqual(
    parts.find(({ title }) => title === "on h1")?.steps.map(({ about, says }) => [about, says]),
    [["sysctl, 3 of them", `waits for link/${tap}`]],
  );
});

test("where the host cannot be asked, its last report says what is in the way", () => {
  const { records, reports, port, tap } = setting();
  const verdict = () => chainOf({ records: records(port.id), host: UNASKED, birds: [] });
  assert.deepEqual(
    [verdict().served, verdict().verdict],
    ["unknown", "the agent of h1 is not connected to this controller, last heard 2026-11-23T08:00:00Z; the port was DOWN then"],
  );
  reports({ state: "waiting", for: `link/${tap}` });
  assert.equal(verdict().verdict, `${port.id} waits for link/${tap} on h1: Nova has not plugged it`);
  reports({ state: "failed", reason: "route/x: no" });
  assert.equal(verdict().verdict, `${port.id} fails on h1: route/x: no`);
  reports({ state: "up" });
  assert.equal(verdict().served, "yes");
});

test("a host without its controller serves, and that is said", () => {
  const { records, port, tap } = setting();
  const host = told([object(port, `link/${tap}`)], "not connected since 2026-11-23T05:00:00Z: refused");
  const chain = chainOf({ records: records("web"), host, birds: [] });
  assert.equal(chain.served, "yes");
  assert.match(chain.verdict, /^web is served by h1; but the agent of h1 is not connected since 2026-11-23T05:00:00Z: refused: it keeps/);
});

test("what is closed, unplaced, or could not be bound is said before any host is looked at", () => {
  const { records, ask, port, make, network } = setting();
  ask(ADMIN, "PUT", `ports/${port.id}`, { port: { admin_state_up: false } });
  const verdict = (asked: string) => chainOf({ records: records(asked), host: UNASKED, birds: [] }).verdict;
  assert.equal(verdict("web"), "web is closed: admin_state_up is false");
  make("port", { network_id: network.id, name: "loose" });
  assert.equal(verdict("loose"), "loose is bound to no host: Nova has not placed it");
  make("port", { network_id: network.id, name: "lost", "binding:host_id": "h9" });
  assert.match(verdict("lost"), /^lost could not be bound on h9 \(binding_failed\)/);
});

test("an address that nobody has is told with where it lies, and whether it rests", () => {
  const { records, ask, port } = setting();
  const said = (asked: string) => {
    const chain = chainOf({ records: records(asked), host: UNASKED, birds: [] });
    return [chain.parts[0]?.steps[0]?.says, chain.verdict];
  };
  assert.match(said("10.65.0.1")[0] ?? "", /^the gateway of a subnet/);
  assert.match(said("8.8.8.8").join(), /outside of all ranges.*is no address of this data centre/);
  ask(ADMIN, "DELETE", `ports/${port.id}`);
  assert.match(said("10.65.0.9")[0] ?? "", /^no port has it, in subnet sub .*; released, and given to nobody unasked until 2026-11-23T/);
});

test("an address of a pair leads to the one port that may claim it, and to none where several may until one takes it", () => {
  const { records, make, network, port, cloud } = setting();
  const pair = { network_id: network.id, allowed_address_pairs: [{ ip_address: "10.65.0.200" }], "binding:host_id": "h1" };
  const one = make("port", { ...pair, name: "one" });
  assert.deepEqual([records("10.65.0.200").port?.id, records("10.65.0.200").address?.role], [one.id, "pair"]);
  make("port", pair);
  assert.equal(records("10.65.0.200").port, null);
  assert.match(
    chainOf({ records: records("10.65.0.200"), host: UNASKED, birds: [] }).verdict,
    /may be sent from by ports .*, .* leads to none of them/,
  );
  const row = cloud.get("port", one.id);
  cloud.apply(`port/${one.id}`, { ...row, holds: [{ ip_address: "10.65.0.200", mac_address: row?.mac_address, turn: 1 }] });
  assert.deepEqual([records("10.65.0.200").port?.id, records(one.id).port?.holds], [one.id, ["10.65.0.200"]]);
  assert.equal(records("10.65.0.9").port?.id, port.id);
});

test("it is told to administrators alone", () => {
  const { cloud, time, port } = setting();
  const asked = (who: typeof ADMIN, method = "GET", path = ["why", port.id]) => {
    const request = { method, path, query: [], body: undefined, who, base: "", now: time.now };
    const answer = answerWhy(cloud, request, () => undefined);
    return answer.kind === "read" ? answer.response.status : "write";
  };
  assert.deepEqual(
    [asked(ADMIN), asked(MEMBER), asked(ADMIN, "POST"), asked(ADMIN, "GET", ["why"]), asked(ADMIN, "GET", ["why", "x"])],
    [200, 403, 405, 404, 404],
  );
});

test("BIRD's answers are read as it writes them", () => {
  const routes = `BIRD 2.0.12 ready.
Access restricted
Table master4:
172.18.208.196/32    unicast [kernel4 05:34:04.143] * (200)
	dev tap3d3a5a52-91
                     unicast [reflector:rr1 05:34:04.143 from 192.168.100.5] (100) [i]
	via 192.168.100.11 on fab0 weight 1
	via 192.168.100.12 on fab0 weight 1
`;
  assert.deepEqual(readBirdRoutes(routes), [
    { from: "kernel4", to: "dev tap3d3a5a52-91", best: true },
    { from: "reflector:rr1", to: "via 192.168.100.11 on fab0 weight 1, via 192.168.100.12 on fab0 weight 1", best: false },
  ]);
  assert.deepEqual(readBirdRoutes("BIRD 2.0.12 ready.\n10.65.0.0/16 unreachable [static4 05:34:04.143] * (200)\n"), [
    { from: "static4", to: "unreachable", best: true },
  ]);
});

test("of top-of-rack routers, those that the port's host is behind are asked as well", () => {
  const { records, decide } = setting();
  const rack = (at: number) => ({
    name: `r${at}`,
    ipv4: `192.168.10${at}.0/24`,
    ipv6: `2001:db8:a41:10${at}::/64`,
    tor: { name: `tor${at}`, ipv4: `192.168.100.10${at}`, ipv6: `2001:db8:a41:f::10${at}`, interface: "rack0" },
  });
  const reading = readDataCenter(
    changed(
      [["racks"], [rack(1), rack(2)]],
      [["hosts"], [{ name: "h1", rack: "r2", ipv4: "192.168.102.11", ipv6: "2001:db8:a41:102::11" }]],
    ),
  );
  assert.ok(reading.ok, JSON.stringify(reading));
  decide(() => ok({ writes: [{ key: "datacenter/this", row: reading.value }], answer: undefined }));
  assert.deepEqual(
    records("10.65.0.9").fabric.map(({ name, role }) => `${role} ${name}`),
    ["tor tor2", "reflector rr1", "gateway gw1"],
  );
});
