/** The `openstack` client, through what operators and users do with it, from the guide's two networks on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testCloud } from "../place/cloud.ts";
import type { Account } from "../place/cloud.ts";
import { testHost } from "../place/host.ts";
import { openstackClient } from "./client.ts";
import type { Fields, Operator } from "./client.ts";

const ACCOUNTS = [
  { name: "admin", project: "admin", role: "admin" },
  { name: "alice", project: "demo", role: "member" },
  { name: "rita", project: "demo", role: "reader" },
  { name: "bob", project: "other", role: "member" },
] as const satisfies readonly Account[];

type People = Readonly<Record<"admin" | "alice" | "rita" | "bob" | "stranger", Operator>>;

test("`openstack` does with this cloud what it does with any", async (t) => {
  const cloud = await testCloud(t, ACCOUNTS);
  await testHost(t, cloud, "compute-1");
  const { password } = cloud;
  const people: People = await openstackClient(t, cloud, {
    admin: { user: "admin", project: "admin", password },
    alice: { user: "alice", project: "demo", password },
    rita: { user: "rita", project: "demo", password },
    bob: { user: "bob", project: "other", password },
    stranger: { user: "alice", project: "demo", password: "guessed" },
  });
  for (const [title, step] of STEPS) await t.test(title, async () => await step(people));
  assert.deepEqual(cloud.errors(), [], "what the controller calls errors");
});

type Step = (people: People) => Promise<void>;

const STEPS: readonly (readonly [title: string, step: Step])[] = [
  ["a password gets a token, and none gets nothing", tokens],
  ["the guide's two networks and four subnets", guide],
  ["quotas of zero, by project", quotas],
  ["security groups and ports", ports],
  ["a port is bound to a host, as Nova does it", binding],
  ["a network of one's own, with tags, shared with another project", sharing],
  ["address groups", addressGroups],
  ["subnets from a pool, in an address scope", pools],
  ["bandwidth limits", limits],
  ["a router and a floating IP", routing],
  ["what there is: agents, zones, extensions, addresses", overview],
  ["everything goes again", removal],
];

async function tokens({ admin, alice, stranger }: People): Promise<void> {
  const token = await alice.shows("token issue");
  assert.match(String(token["project_id"]), /^[0-9a-f]{32}$/);
  assert.match(await stranger.refused("token issue"), /401/);
  assert.match(await stranger.refused("network list"), /401/);
  const projects = (await admin.lists("project list")).map((project) => project["Name"]);
  assert.deepEqual(
    ["admin", "demo", "other"].filter((name) => !projects.includes(name)),
    [],
  );
}

async function guide({ admin, alice, rita }: People): Promise<void> {
  await admin.shows("network create --share --external external");
  await admin.shows("network create --share internal");
  const make = async (name: string, words: string) => await admin.shows(`subnet create --dhcp ${words} ${name}`);
  await make("external4", "--network external --subnet-range 198.51.100.0/24 --gateway 198.51.100.1");
  await make("external6", "--network external --ip-version 6 --subnet-range 2001:db8:80::/64 --gateway 2001:db8:80::1");
  await make("internal4", "--network internal --subnet-range 10.65.0.0/16 --gateway 10.65.0.1");
  await make("internal6", "--network internal --ip-version 6 --subnet-range 2001:db8:81::/64 --gateway 2001:db8:81::1");
  const table = await alice.prints("network list --sort-column Name -c Name -c Subnets");
  assert.match(table, /\| Name +\| Subnets +\|/);
  assert.match(table, /\| external \| [0-9a-f-]{36}, [0-9a-f-]{36} \|\n\| internal \| [0-9a-f-]{36}, [0-9a-f-]{36} \|/);
  const { "router:external": external, shared, status, subnets } = await rita.shows("network show external");
  assert.deepEqual({ external, shared, status }, { external: true, shared: true, status: "ACTIVE" });
  assert.equal(Array.isArray(subnets) && subnets.length, 2);
  const { cidr, gateway_ip, enable_dhcp, allocation_pools } = await alice.shows("subnet show internal4");
  assert.deepEqual(
    { cidr, gateway_ip, enable_dhcp, allocation_pools },
    {
      cidr: "10.65.0.0/16",
      gateway_ip: "10.65.0.1",
      enable_dhcp: true,
      allocation_pools: [{ start: "10.65.0.2", end: "10.65.255.254" }],
    },
  );
  assert.match(await alice.refused("subnet set --name mine internal4"), /403|404/);
  assert.match(await alice.refused("network create --external mine"), /403.*create_network:router:external/s);
}

async function quotas({ admin, alice, rita }: People): Promise<void> {
  await admin.prints("quota set --networks 0 --subnets 0 --routers 0 --floating-ips 0 demo");
  const rows = await admin.lists("quota show --network demo");
  const limit = new Map(rows.map((row) => [row["Resource"], row["Limit"]]));
  assert.deepEqual(
    ["networks", "subnets", "routers", "floating_ips", "ports"].map((name) => limit.get(name)),
    [0, 0, 0, 0, 500],
  );
  assert.match(await alice.refused("network create mine"), /409.*Quota exceeded for resources: \['network'\]/s);
  assert.match(await alice.refused("router create mine"), /409.*Quota exceeded for resources: \['router'\]/s);
  assert.match(await alice.refused("floating ip create external"), /409.*Quota exceeded for resources: \['floatingip'\]/s);
  assert.match(await alice.refused("quota set --networks 5 demo"), /403/);
  assert.match(await rita.refused("security group create mine"), /403.*create_security_group/s);
}

async function ports({ admin, alice, rita, bob }: People): Promise<void> {
  await alice.shows("security group create --description servers web");
  await alice.shows("security group rule create --ingress --protocol tcp --dst-port 80:81 --remote-ip 0.0.0.0/0 web");
  await alice.shows("security group rule create --ingress --ethertype IPv6 --protocol ipv6-icmp web");
  const rules = await rita.lists("security group rule list web");
  assert.deepEqual(
    rules.map((rule) => `${String(rule["Direction"])} ${String(rule["IP Protocol"])} ${String(rule["Port Range"])}`).toSorted(),
    ["egress null ", "egress null ", "ingress ipv6-icmp ", "ingress tcp 80:81"].toSorted(),
  );
  // On somebody else's network, one may choose the subnet and not the address.
  assert.match(await alice.refused("port create --network internal --fixed-ip ip-address=10.65.0.20 first"), /403.*fixed_ips:ip_address/s);
  const made = await alice.shows("port create --network internal --security-group web --fixed-ip subnet=internal4 first");
  const address = addressOf(made);
  assert.match(address, /^10\.65\.\d+\.\d+$/);
  await alice.shows("port create --network internal second");
  const { status, binding_host_id: host } = await rita.shows("port show first");
  assert.deepEqual({ status, host }, { status: "DOWN", host: null });
  const taken = await admin.refused(`port create --network internal --fixed-ip ip-address=${address} third`);
  assert.match(taken, /409.*already allocated/s);
  await alice.prints("port set --description one first");
  const [listed, ...others] = await alice.lists(`port list --fixed-ip ip-address=${address}`);
  assert.deepEqual([listed?.["Name"], others], ["first", []]);
  assert.match(await bob.refused("port show first"), /No Port found/);
  assert.match(await rita.refused("port delete first"), /403|404/);
}

/** Of a port that has one. */
function addressOf({ fixed_ips: fixed }: Fields): string {
  const [only] = Array.isArray(fixed) ? (fixed as readonly { readonly ip_address: string }[]) : [];
  return only?.ip_address ?? "none";
}

async function binding({ admin, alice }: People): Promise<void> {
  await admin.prints("port set --host compute-1 --device-owner compute:nova --device 7f1b9b3e-0000-4000-8000-000000000001 first");
  const bound = await until(
    async () => await admin.shows("port show first"),
    (port) => port["status"] === "ACTIVE",
  );
  assert.deepEqual([bound["binding_vif_type"], bound["binding_host_id"]], ["tap", "compute-1"]);
  assert.equal((await alice.shows("port show first"))["binding_vif_type"], null);
  await admin.prints("port set --host nowhere second");
  assert.equal((await admin.shows("port show second"))["binding_vif_type"], "binding_failed");
  await admin.prints("port unset --host second");
  assert.equal((await admin.shows("port show second"))["binding_vif_type"], "unbound");
}

async function sharing({ admin, alice, bob }: People): Promise<void> {
  await admin.prints("quota set --networks 5 --subnets 5 --routers 2 --floating-ips 2 demo");
  await alice.shows("network create --tag blue mine");
  await alice.shows("subnet create --network mine --subnet-range 10.99.0.0/24 mine4");
  await alice.prints("network set --tag green mine");
  assert.deepEqual(
    (await alice.lists("network list --tags blue,green")).map((row) => row["Name"]),
    ["mine"],
  );
  await alice.prints("network unset --tag blue mine");
  assert.deepEqual(await alice.lists("network list --tags blue"), []);
  assert.match(await bob.refused("network show mine"), /No Network found/);
  const { id } = await admin.shows("project show other");
  await alice.shows(`network rbac create --type network --action access_as_shared --target-project ${String(id)} mine`);
  assert.equal((await bob.shows("network show mine"))["shared"], true);
  assert.equal((await alice.lists("network rbac list")).length, 1);
}

async function addressGroups({ alice }: People): Promise<void> {
  await alice.shows("address group create --address 192.0.2.0/24 offices");
  await alice.prints("address group set --address 203.0.113.7/32 offices");
  assert.deepEqual((await alice.shows("address group show offices"))["addresses"], ["192.0.2.0/24", "203.0.113.7/32"]);
  await alice.shows("security group rule create --ingress --protocol tcp --dst-port 22 --remote-address-group offices web");
  assert.match(await alice.refused("address group delete offices"), /in use/);
}

async function pools({ admin, alice }: People): Promise<void> {
  await admin.shows("address scope create --share --ip-version 4 routed");
  await admin.shows("subnet pool create --share --address-scope routed --pool-prefix 10.200.0.0/16 --default-prefix-length 24 blocks");
  await alice.shows("network create pooled");
  const made = await alice.shows("subnet create --network pooled --subnet-pool blocks --prefix-length 26 pooled4");
  assert.match(String(made["cidr"]), /^10\.200\.\d+\.\d+\/26$/);
  assert.match(await alice.refused("subnet create --network pooled --subnet-pool blocks --prefix-length 40 wrong"), /400/);
}

async function limits({ admin, alice }: People): Promise<void> {
  await admin.shows("network qos policy create --share slow");
  await admin.shows("network qos rule create --type bandwidth-limit --max-kbps 1000 --egress slow");
  await alice.prints("port set --qos-policy slow first");
  const policy = await alice.shows("network qos policy show slow");
  assert.equal((await alice.shows("port show first"))["qos_policy_id"], policy["id"]);
  assert.match(await admin.refused("network qos policy delete slow"), /409.*is used by port/s);
  await alice.prints("port unset --qos-policy first");
  assert.deepEqual((await admin.lists("network qos rule type list")).map((row) => row["Type"]).toSorted(), [
    "bandwidth_limit",
    "packet_rate_limit",
  ]);
}

async function routing({ alice }: People): Promise<void> {
  await alice.shows("router create edge");
  await alice.prints("router add subnet edge mine4");
  await alice.prints("router set --external-gateway external edge");
  const port = await alice.shows("port create --network mine server");
  const floating = await alice.shows(`floating ip create --port ${String(port["id"])} external`);
  const [row] = await alice.lists("floating ip list");
  assert.deepEqual([row?.["Floating IP Address"], row?.["Port"]], [floating["floating_ip_address"], port["id"]]);
  assert.match(String(floating["floating_ip_address"]), /^198\.51\.100\./);
  assert.match(await alice.refused("router remove subnet edge mine4"), /409/);
  await alice.prints(`floating ip unset --port ${String(floating["id"])}`);
  await alice.prints(`floating ip delete ${String(floating["floating_ip_address"])}`);
  await alice.prints("router remove subnet edge mine4");
  await alice.prints("router unset --external-gateway edge");
  await alice.prints("router delete edge");
}

async function overview({ admin, alice }: People): Promise<void> {
  const [agent] = await admin.lists("network agent list");
  assert.deepEqual([agent?.["Host"], agent?.["Alive"], agent?.["State"]], ["compute-1", true, true]);
  const extensions = (await alice.lists("extension list --network")).map((row) => row["Alias"]);
  const wanted = ["security-group", "quotas", "router", "qos", "rbac-policies", "binding", "standard-attr-tag", "subnet_allocation"];
  assert.deepEqual(
    wanted.filter((alias) => !extensions.includes(alias)),
    [],
  );
  const zones = await alice.lists("availability zone list --network");
  assert.deepEqual(
    zones.map((zone) => [zone["Zone Name"], zone["Zone Status"]]),
    [
      ["nova", "available"],
      ["nova", "available"],
    ],
  );
  const used = await admin.lists("ip availability list --ip-version 4");
  const row = used.find((one) => one["Network Name"] === "internal");
  assert.deepEqual([row?.["Total IPs"], row?.["Used IPs"]], [65533, 2]);
}

async function removal({ admin, alice }: People): Promise<void> {
  assert.match(await alice.refused("network delete mine"), /still in use on the network/);
  await alice.prints("port delete first second server");
  await alice.prints("network delete mine pooled");
  await alice.prints("security group delete web");
  await alice.prints("address group delete offices");
  await admin.prints("subnet pool delete blocks");
  await admin.prints("address scope delete routed");
  await admin.prints("network qos policy delete slow");
  await admin.prints("network delete external internal");
  assert.deepEqual(await admin.lists("network list"), []);
  assert.deepEqual(await admin.lists("port list"), []);
}

/** Asks again until it is so; then the answer. */
async function until<T>(ask: () => Promise<T>, so: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + 30_000;
  let last = await ask();
  while (!so(last) && Date.now() < end) last = await ask();
  return last;
}
