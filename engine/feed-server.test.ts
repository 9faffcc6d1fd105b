import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { fakeClock } from "#contracts/clock.fake.ts";
import type { AgentLink } from "#contracts/feed.ts";
import { fakeFeed } from "#contracts/feed.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import type { FeedMessage, Hello, Report, Role } from "#core/feed/item.ts";
import type { Ip } from "#core/net/address.ts";
import { slice } from "#core/feed/slice.ts";
import { readFeed } from "#core/feed/wire.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import type { RowWrite } from "#core/neutron/decision.ts";
import { ok } from "#core/result.ts";
import { feedServer } from "./feed-server.ts";
import type { FeedServer } from "./feed-server.ts";
import { load } from "./present.ts";
import { replica } from "./replica.ts";
import { writer } from "./writer.ts";

/** A controller over a store in memory, whose clock is ours. */
async function controller() {
  const [clock, log] = [fakeClock(), fakeLog()];
  const store = memoryStore();
  const present = await load(store, new Cloud());
  const fresh = () => ({ now: new Date(clock.now()).toISOString().replace(/\.\d+/, ""), uuid: () => "agent", below: () => 0n });
  const write = writer({ store, present, fresh, clock: { ...clock, after: nextTurn }, log });
  const server = feedServer({ present, writer: write, clock, log });
  const put = (writes: readonly RowWrite[]) => write.write(() => ok({ writes, answer: undefined }));
  /** Lets everything happen that is under way, and the feed tell it. */
  const settle = async () => {
    for (let n = 0; n < 6; n += 1) await turn();
    clock.pass(20);
    for (let n = 0; n < 6; n += 1) await turn();
  };
  return { clock, log, present, server, put, settle };
}

function nextTurn(_ms: number, call: () => void): () => void {
  const immediate = setImmediate(call);
  return () => clearImmediate(immediate);
}

const hello = (host: string, role: Role = "compute"): Hello => ({ op: "hello", host, role, started_at: "2026-11-23T08:00:00Z" });

/** Of an agent that can be told of many members in one message. */
const together = (host: string): Hello => ({ ...hello(host), members: "together" });

/** The view of a host that was told everything at once: what all differences must add up to. */
function oracle(cloud: Cloud, { host, role }: Hello) {
  const plain = replica();
  for (const [key, value] of slice(cloud, host, role)) plain.message({ op: "put", key, value });
  plain.message({ op: "synced", revision: 0 });
  return plain.heard()?.view;
}

const PORT = {
  allowed_address_pairs: [],
  extra_dhcp_opts: [],
  dns_name: "",
  dns_domain: "",
  ready_on: [],
  arrived_on: "",
  moves: 0,
  holds: [],
  port_security_enabled: true,
  device_owner: "",
  device_id: "",
  project_id: "project",
  qos_policy_id: null,
  admin_state_up: true,
  status: "DOWN",
  revision_number: 0,
};

interface Said {
  readonly id: string;
  readonly host: string;
  readonly groups: readonly string[];
  readonly ip: string;
  /** The host that its VM is about to move to, as Nova says it in the profile. */
  readonly to?: string | null;
}

function portRow({ id, host, groups, ip, to = null }: Said): RowWrite {
  const row = {
    ...PORT,
    id,
    network_id: "n",
    mac_address: "fa:16:3e:00:00:01",
    fixed_ips: [{ subnet_id: "s", ip_address: ip }],
    security_groups: groups,
  };
  const profile = to === null ? {} : { migrating_to: to };
  const vif = host === "" ? "unbound" : "tap";
  return { key: `port/${id}`, row: { ...row, "binding:host_id": host, "binding:vif_type": vif, "binding:profile": profile } };
}

/** One of a port to another host than its own. */
const binding = (port_id: string, host: string, vif_type: string): RowWrite => ({
  key: `port_binding/${port_id} ${host}`,
  row: { port_id, host, vif_type, status: "INACTIVE" },
});

const group = (id: string, stateful = true): RowWrite => ({ key: `security_group/${id}`, row: { id, project_id: "p", stateful } });
const addressGroup = (id: string, addresses: readonly string[]): RowWrite => ({ key: `address_group/${id}`, row: { id, addresses } });
/** `x` and `y` are address groups. */
const rule = (id: string, of: string, remote: string | null): RowWrite => ({
  key: `security_group_rule/${id}`,
  row: {
    id,
    security_group_id: of,
    remote_group_id: remote !== null && GROUPS.includes(remote) ? remote : null,
    remote_address_group_id: remote !== null && ADDRESS_GROUPS.includes(remote) ? remote : null,
    direction: "ingress",
    ethertype: "IPv4",
    protocol: "tcp",
    port_range_min: 80,
    port_range_max: 80,
    remote_ip_prefix: null,
  },
});
const subnet = (id: string, dns: readonly string[]): RowWrite => ({
  key: `subnet/${id}`,
  row: { id, network_id: "n", cidr: "10.0.0.0/24", gateway_ip: null, enable_dhcp: true, dns_nameservers: dns, host_routes: [] },
});
const network = (mtu: number): RowWrite => ({ key: "network/n", row: { id: "n", mtu, dns_domain: "" } });

const GROUPS = ["a", "b", "c"];
const ADDRESS_GROUPS = ["x", "y"];
const groupId = fc.constantFrom(...GROUPS);
/** Deletes, half of the time where it can. */
const orGone = (row: fc.Arbitrary<RowWrite>) =>
  fc.tuple(row, fc.nat(3)).map(([write, n]): RowWrite => (n === 0 ? { key: write.key } : write));
const anyWrite: fc.Arbitrary<RowWrite> = fc.oneof(
  {
    weight: 6,
    arbitrary: orGone(
      fc
        .record({
          id: fc.constantFrom("p", "q", "r", "t"),
          host: fc.constantFrom("h1", "h2", ""),
          groups: fc.subarray(GROUPS),
          ip: fc.constantFrom("10.0.0.1", "10.0.0.2"),
          to: fc.option(fc.constantFrom("h1", "h2")),
        })
        .map(portRow),
    ),
  },
  {
    weight: 2,
    arbitrary: orGone(
      fc
        .tuple(fc.constantFrom("p", "q"), fc.constantFrom("h1", "h2"), fc.constantFrom("tap", "unbound"))
        .map(([port, host, vif]) => binding(port, host, vif)),
    ),
  },
  {
    weight: 3,
    arbitrary: orGone(
      fc
        .tuple(fc.constantFrom("1", "2", "3"), groupId, fc.option(fc.constantFrom(...GROUPS, ...ADDRESS_GROUPS)))
        .map(([id, of, remote]) => rule(id, of, remote)),
    ),
  },
  orGone(fc.tuple(groupId, fc.boolean()).map(([id, stateful]) => group(id, stateful))),
  orGone(
    fc
      .tuple(fc.constantFrom(...ADDRESS_GROUPS), fc.subarray(["10.0.0.0/8", "192.0.2.7/32"]))
      .map(([id, addresses]) => addressGroup(id, addresses)),
  ),
  orGone(fc.constantFrom(["1.1.1.1"], []).map((dns) => subnet("s", dns))),
  fc.constantFrom(1400, 1500).map(network),
  orGone(
    fc.constantFrom("reflectors", "direct").map((peering) => ({
      key: "datacenter/this",
      row: { name: "one", fabric: { peering }, hosts: [], gateways: [], reflectors: [] },
    })),
  ),
);
type Step = { readonly commit: readonly RowWrite[] } | { readonly cut: true } | { readonly settle: true };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.uniqueArray(anyWrite, { maxLength: 3, selector: ({ key }) => key }).map((commit) => ({ commit })) },
  fc.constant({ cut: true } as const),
  { weight: 3, arbitrary: fc.constant({ settle: true } as const) },
);

test("what a host has heard is its slice of the cloud, whatever was committed in which order, and whenever it lost its connection", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { present, server, put, settle } = await controller();
      const feed = fakeFeed(server.accept);
      const agents = [hello("h1"), together("h2"), hello("g1", "gateway"), hello("r1", "reflector")].map((one) => ({
        hello: one,
        replica: replica(),
      }));
      const connections = agents.map((agent) => feed.client(agent.hello, { ...agent.replica, disconnected: () => undefined }));
      const check = async () => {
        await settle();
        for (const agent of agents) assert.deepEqual(agent.replica.heard()?.view, oracle(present.state, agent.hello), agent.hello.host);
      };
      for (const one of steps) {
        if ("commit" in one) await put(one.commit);
        else if ("cut" in one) feed.cut();
        else await check();
      }
      await check();
      for (const connection of connections) connection.close();
    }),
    { numRuns: 300 },
  );
});

/** An agent that is a list of what it was sent. */
function listener(server: FeedServer, one: Hello, { waiting = () => 0, from = "here" }: Partial<Pick<AgentLink, "waiting" | "from">> = {}) {
  const frames: (readonly FeedMessage[])[] = [];
  const goodbyes: string[] = [];
  const link: AgentLink = {
    send: (text) => void frames.push(readFeed(text) ?? assert.fail(text)),
    waiting,
    from,
    close: (reason) => {
      goodbyes.push(reason);
      // A network is never so quick that a goodbye comes before the welcome.
      void Promise.resolve().then(() => session.closed(reason));
    },
  };
  const session = server.accept(one, link);
  return { frames, goodbyes, session };
}

test("a port that joins a group costs the hosts that name the group one line, however large it is", async () => {
  const { server, put, settle } = await controller();
  const address = (n: number) => `10.1.${n >> 8}.${n & 255}`;
  await put([network(1500), group("a"), group("b"), rule("1", "a", "b"), portRow({ id: "p", host: "h1", groups: ["a"], ip: "10.0.0.1" })]);
  await put(Array.from({ length: 10_000 }, (_, n) => portRow({ id: `m${n}`, host: "h9", groups: ["b"], ip: address(n) })));
  await put([portRow({ id: "q", host: "h3", groups: ["a"], ip: "10.0.0.3" })]);
  const [near, far, modern] = [listener(server, hello("h1")), listener(server, hello("h2")), listener(server, together("h3"))];
  await settle();
  assert.equal(near.frames[0]?.length, 10_000 + 3);
  assert.deepEqual(modern.frames[0]?.length, 1 + 3);
  await put([portRow({ id: "new", host: "h9", groups: ["b"], ip: "10.2.0.1" })]);
  await settle();
  assert.deepEqual(modern.frames[1]?.slice(0, -1), [{ op: "joined", group: "b", ips: ["10.2.0.1"] }]);
  assert.deepEqual(
    near.frames[1]?.map((message) => ("key" in message ? [message.op, message.key] : message.op)),
    [["put", "member/b 10.2.0.1"], "synced"],
  );
  assert.equal(far.frames.length, 1);
});

test("a change that a host does not see is not told, and each frame ends with the revision that it reaches", async () => {
  const { server, put, settle, present } = await controller();
  await put([network(1500)]);
  const agent = listener(server, hello("h1"));
  await settle();
  await put([portRow({ id: "q", host: "h2", groups: ["a"], ip: "10.0.0.2" })]);
  await settle();
  assert.equal(agent.frames.length, 1);
  await put([portRow({ id: "p", host: "h1", groups: [], ip: "10.0.0.1" })]);
  const { revision } = { revision: present.revision() };
  await settle();
  assert.deepEqual(agent.frames.at(-1)?.at(-1), { op: "synced", revision });
});

test("an agent that does not read is cut off; one that comes twice is heard on its new connection", async () => {
  const { server, put, settle } = await controller();
  const deaf = listener(server, hello("h1"), { waiting: () => 17 * 1024 * 1024 });
  await settle();
  assert.deepEqual(deaf.goodbyes, ["the agent does not read"]);

  const first = listener(server, hello("h1"));
  const second = listener(server, hello("h1"));
  assert.deepEqual(first.goodbyes, ["this host's agent has connected again"]);
  await put([portRow({ id: "p", host: "h1", groups: [], ip: "10.0.0.1" })]);
  await settle();
  assert.equal(first.frames.length, 0);
  assert.ok(second.frames.flat().some((message) => message.op === "put" && message.key === "endpoint/p"));
});

test("an agent is alive from its hello on, every 30 seconds, until it leaves", async () => {
  const { server, settle, present, clock } = await controller();
  const agent = listener(server, hello("h1"));
  const heartbeat = () => present.state.get("agent", "h1")?.heartbeat_timestamp;
  await settle();
  assert.equal(heartbeat(), "2026-11-23T08:00:00Z");
  clock.pass(30_000);
  await settle();
  assert.equal(heartbeat(), "2026-11-23T08:00:30Z");
  agent.session.closed("the connection broke");
  clock.pass(60_000);
  await settle();
  assert.equal(heartbeat(), "2026-11-23T08:00:30Z");
});

test("of several reports the last one decides", async () => {
  const { server, put, settle, present } = await controller();
  await put([portRow({ id: "p", host: "h1", groups: [], ip: "10.0.0.1" })]);
  const agent = listener(server, hello("h1"));
  const report = (endpoints: Report["endpoints"]): Report => ({
    op: "report",
    revision: 1,
    endpoints,
    arrived: {},
    taken: {},
    troubles: [],
  });
  await settle();
  agent.session.report(report({ p: { state: "up" } }));
  agent.session.report(report({ p: { state: "failed", reason: "x" } }));
  agent.session.report(report({ p: { state: "up" } }));
  await settle();
  assert.equal(present.state.get("port", "p")?.status, "ACTIVE");
});

test("what an agent said last is known as long as it is connected", async () => {
  const { server, settle } = await controller();
  assert.equal(server.said("h1"), undefined);
  const { session } = listener(server, hello("h1"));
  await settle();
  assert.equal(server.said("h1")?.report, undefined);
  session.report({ op: "report", revision: 7, endpoints: {}, arrived: {}, taken: {}, troubles: [] });
  assert.equal(server.said("h1")?.report?.revision, 7);
  session.closed("gone");
  assert.equal(server.said("h1"), undefined);
});

test("what an agent reported before its connection ended does not overwrite what it reports on the next", async () => {
  const { server, put, settle, present } = await controller();
  await put([portRow({ id: "p", host: "h1", groups: [], ip: "10.0.0.1" })]);
  const report = (endpoints: Report["endpoints"]): Report => ({
    op: "report",
    revision: 1,
    endpoints,
    arrived: {},
    taken: {},
    troubles: [],
  });
  const first = listener(server, hello("h1"));
  await settle();
  first.session.report(report({ p: { state: "failed", reason: "x" } }));
  first.session.report(report({ p: { state: "failed", reason: "y" } }));
  listener(server, hello("h1")).session.report(report({ p: { state: "up" } }));
  await settle();
  assert.equal(present.state.get("port", "p")?.status, "ACTIVE");
});

test("once a data centre is declared, an agent comes from the address of its machine, or from the controller's own machine", async () => {
  const { server, put, settle, log } = await controller();
  const hosts = [{ name: "h1", ipv4: "192.168.100.11" }];
  const declared = { name: "guide", fabric: { peering: "reflectors" }, hosts, gateways: [], reflectors: [] };
  const vm = listener(server, hello("h1"), { from: "10.65.0.7" as Ip });
  await settle();
  assert.deepEqual(vm.goodbyes, []);
  await put([{ key: "datacenter/this", row: declared }]);
  await settle();
  assert.deepEqual(vm.goodbyes, ['the data centre declares "h1" at 192.168.100.11, not at 10.65.0.7']);
  assert.ok(!vm.frames.flat().some((message) => "key" in message && message.key === "datacenter/this"));

  const own = listener(server, hello("h1"), { from: "192.168.100.11" as Ip });
  const gateway = listener(server, hello("h1", "gateway"), { from: "192.168.100.11" as Ip });
  const local = listener(server, hello("h2"));
  await settle();
  assert.deepEqual([own.goodbyes, local.goodbyes], [[], []]);
  assert.deepEqual(gateway.goodbyes, ['the data centre declares no machine "h1" for the role gateway']);
  assert.equal(log.lines.filter(({ event }) => event === "an agent was not let in").length, 2);

  // A machine that goes is told so, and gives up what it held; then it is nobody's.
  await put([{ key: "datacenter/this", row: { ...declared, hosts: [] } }]);
  await settle();
  const last = own.frames.at(-1)?.find((message) => "key" in message && message.key === "datacenter/this");
  assert.deepEqual(last, { op: "put", key: "datacenter/this", value: { ...declared, hosts: [] } });
  assert.equal(own.goodbyes.length, 1);
});
