import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { ApiRequest, ApiResponse } from "../neutron/api-types.ts";
import { refusalResponse } from "../neutron/api-types.ts";
import { ADMIN, MEMBER, sandbox } from "../neutron/sandbox.ts";
import type { Sandbox } from "../neutron/sandbox.ts";
import type { Who } from "../policy/who.ts";
import { answerMargay } from "./api.ts";
import type { AppliedBody } from "./api.ts";
import type { DataCenterBody } from "../datacenter/api.ts";

const DOCUMENT = {
  name: "guide",
  ranges: { public: "172.18.208.0/24", private: "10.65.0.0/16", ipv6: "2001:db8:a41:2::/63" },
  fabric: { asn: 64512, interface: "fab0", ipv4: "192.168.100.0/24", ipv6: "2001:db8:a41:f::/64" },
  reflectors: [{ name: "rr1", ipv4: "192.168.100.5", ipv6: "2001:db8:a41:f::5" }],
  hosts: [{ name: "h1", ipv4: "192.168.100.11", ipv6: "2001:db8:a41:f::11" }],
  gateways: [
    {
      name: "gw1",
      ipv4: "192.168.100.1",
      ipv6: "2001:db8:a41:f::1",
      upstream: {
        asn: 64496,
        interface: "wan0",
        ipv4: { address: "198.51.100.2/28", peer: "198.51.100.1" },
        ipv6: { address: "2001:db8:ffff::2/64", peer: "2001:db8:ffff::1" },
      },
      pnat: "198.51.100.8-198.51.100.11",
    },
  ],
  dns: ["203.0.113.53", "2001:db8:feed::53"],
};

const PUBLIC = { public: "172.18.208.0/24" };

let cloud: Sandbox;
let ids = 0;
beforeEach(() => {
  cloud = sandbox();
});

function ask(who: Who, method: string, place: string, body?: unknown): ApiResponse {
  const request: ApiRequest = { method, path: place.split("/"), query: [], body, who, base: "", now: cloud.time.now };
  const asked = answerMargay(() => undefined)(cloud.cloud, request);
  if (asked.kind === "read") return asked.response;
  const uuid = () => `11111111-0000-4000-8000-${(++ids).toString(16).padStart(12, "0")}`;
  const decided = asked.decide(cloud.cloud, { now: cloud.time.now, uuid, below: () => 0n });
  if (!decided.ok) return refusalResponse(decided.refusal);
  for (const { key, row } of decided.value.writes) cloud.cloud.apply(key, row);
  return decided.value.answer;
}

const post = (document: unknown, dry_run = false) => ask(ADMIN, "POST", "apply", { document, dry_run });

/** Each change in a line: `change subnet external4: allocation_pools`. */
function apply(document: unknown, dry = false): string[] {
  const { status, body } = post(document, dry);
  assert.equal(status, 200, JSON.stringify(body));
  const { difference } = body as AppliedBody;
  return difference.map(
    ({ object, name, action, details }) =>
      `${action} ${object} ${name}${action === "change" ? `: ${details.map((one) => one.attribute).join(", ")}` : ""}`,
  );
}

function refusal({ status, body }: ApiResponse): string {
  const { type, message } = (body as { NeutronError: { type: string; message: string } }).NeutronError;
  return `${status} ${type}: ${message}`;
}

type Fields = Readonly<Record<string, unknown>>;
const listed = (who: Who, plural: string, query = "") =>
  (cloud.ask(who, "GET", `${plural}${query}`).body as Record<string, readonly Fields[]>)[plural] ?? [];
const one = (plural: string, name: string) => listed(ADMIN, plural, `?name=${name}`)[0] ?? assert.fail(`no ${name}`);
/** Everything that is kept, in an order of its own. */
const state = () =>
  (["network", "subnet", "security_group", "datacenter"] as const)
    .flatMap((table) => [...cloud.cloud.all(table)].map((row) => JSON.stringify(row)))
    .toSorted();

function port(network: string, ip: string): Fields {
  const asked = { network_id: one("networks", network)["id"], fixed_ips: [{ ip_address: ip }] };
  const { status, body } = cloud.ask(ADMIN, "POST", "ports", { port: asked });
  assert.equal(status, 201, JSON.stringify(body));
  return (body as { port: Fields }).port;
}

test("a first apply makes two networks, four subnets and the limits, and tells of each", () => {
  assert.deepEqual(apply(DOCUMENT), [
    "create network external",
    "create network internal",
    "create subnet external4",
    "create subnet external6",
    "create subnet internal4",
    "create subnet internal6",
    "change quota default: network, subnet, router, floatingip",
    "create datacenter guide",
  ]);
  const [external, internal] = [one("networks", "external"), one("networks", "internal")];
  assert.deepEqual(
    [external["shared"], external["router:external"], external["mtu"], external["project_id"]],
    [true, true, 1500, ADMIN.project],
  );
  assert.deepEqual([internal["shared"], internal["router:external"]], [true, false]);
  const six = one("subnets", "external6");
  assert.deepEqual(
    [six["cidr"], six["gateway_ip"], six["ipv6_ra_mode"], six["ipv6_address_mode"], six["dns_nameservers"], six["enable_dhcp"]],
    ["2001:db8:a41:2::/64", "2001:db8:a41:2::1", "dhcpv6-stateful", "dhcpv6-stateful", ["2001:db8:feed::53"], true],
  );
  const four = one("subnets", "internal4");
  assert.deepEqual(
    [four["cidr"], four["gateway_ip"], four["allocation_pools"]],
    ["10.65.0.0/16", "10.65.0.1", [{ start: "10.65.0.2", end: "10.65.255.254" }]],
  );
  assert.deepEqual(
    listed(MEMBER, "networks").map(({ name }) => name),
    listed(ADMIN, "networks").map(({ name }) => name),
  );
});

test("applying the same again changes nothing and writes nothing", () => {
  apply(DOCUMENT);
  const before = state();
  assert.deepEqual(apply(DOCUMENT), []);
  assert.deepEqual(state(), before);
});

test("a dry run says the same and does nothing", () => {
  const empty = state();
  const said = apply(DOCUMENT, true);
  assert.deepEqual(state(), empty);
  assert.deepEqual(apply(DOCUMENT), said);
});

test("administrators are not stopped by the limits that a data centre sets for others", () => {
  apply({ ...DOCUMENT, ranges: PUBLIC, gateways: [] });
  assert.equal(apply({ ...DOCUMENT, gateways: [] }).filter((line) => line.startsWith("create subnet")).length, 3);
  assert.match(refusal(cloud.ask(MEMBER, "POST", "networks", { network: {} })), /^409 OverQuota/);
});

test("what changed is told with its old and new value, and keeps its id", () => {
  apply(DOCUMENT);
  const before = one("subnets", "external4");
  const { body } = post({ ...DOCUMENT, networks: { external: { pools4: ["172.18.208.10-172.18.208.20"] } } });
  assert.deepEqual((body as AppliedBody).difference[0], {
    object: "subnet",
    name: "external4",
    action: "change",
    details: [
      {
        attribute: "allocation_pools",
        old: [{ start: "172.18.208.2", end: "172.18.208.254" }],
        new: [{ start: "172.18.208.10", end: "172.18.208.20" }],
      },
    ],
  });
  const after = one("subnets", "external4");
  assert.equal(after["id"], before["id"]);
  assert.ok(Number(after["revision_number"]) > Number(before["revision_number"]));
});

test("hosts and gateways are told by their places in the file", () => {
  apply(DOCUMENT);
  const hosts = [...DOCUMENT.hosts, { name: "h2", ipv4: "192.168.100.12", ipv6: "2001:db8:a41:f::12" }];
  assert.deepEqual(apply({ ...DOCUMENT, hosts }), [
    "change datacenter guide: hosts[1].name, hosts[1].ipv4, hosts[1].ipv6",
    "create session h2 – rr1 (iBGP)",
    "change reflector rr1: changed file, changed daemon",
    "create compute h2",
  ]);
});

test("a range may grow under its ports", () => {
  apply({ ...DOCUMENT, ranges: { ...DOCUMENT.ranges, private: "10.65.0.0/24" } });
  const { id } = port("internal", "10.65.0.9");
  assert.deepEqual(apply(DOCUMENT).slice(0, 1), ["change subnet internal4: cidr, allocation_pools"]);
  assert.deepEqual(
    listed(ADMIN, "ports", `?fixed_ips=ip_address=10.65.0.9`).map((found) => found["id"]),
    [id],
  );
});

test("what would take an address from a port is refused whole, with the port", () => {
  apply(DOCUMENT);
  const { id } = port("external", "172.18.208.9");
  const before = state();
  const moved = { ...DOCUMENT, mtu: 1400, ranges: { ...DOCUMENT.ranges, public: "172.18.209.0/24" } };
  const words = `409 DataCenterConflict: Cannot change the subnet external4: port ${String(id)} has 172.18.208.9.`;
  const way = " In ranges.retiring it stays until they have others.";
  assert.equal(refusal(post(moved)), words + way);
  assert.equal(refusal(post(moved, true)), words + way);
  assert.equal(refusal(post({ ...DOCUMENT, networks: { external: { pools4: ["172.18.208.10-172.18.208.20"] } } })), words);
  assert.equal(refusal(post({ ...DOCUMENT, networks: { external: { gateway4: "172.18.208.9" } } })), words);
  const { private: inner, ipv6 } = DOCUMENT.ranges;
  assert.equal(
    refusal(post({ ...DOCUMENT, ranges: { private: inner, ipv6 } })),
    `409 DataCenterConflict: Cannot delete the subnet external4 (172.18.208.0/24): port ${String(id)} has 172.18.208.9.${way}`,
  );
  assert.deepEqual(state(), before);
});

test("an address that somebody chose outside the pools does not hold them", () => {
  const pools = (span: string) => ({ ...DOCUMENT, networks: { external: { pools4: [span] } } });
  apply(pools("172.18.208.10-172.18.208.20"));
  port("external", "172.18.208.9");
  assert.deepEqual(apply(pools("172.18.208.12-172.18.208.20")), ["change subnet external4: allocation_pools"]);
});

test("a range is replaced while ports have addresses of it: it retires, and leaves when none has", () => {
  apply({ ...DOCUMENT, networks: { internal: { gateway4: "10.65.0.254" } } });
  const { id } = port("internal", "10.65.0.9");
  const before = one("subnets", "internal4")["id"];
  const ranges = { ...DOCUMENT.ranges, private: "10.66.0.0/16" };
  assert.match(
    refusal(post({ ...DOCUMENT, ranges })),
    /port \S+ has 10\.65\.0\.9\. In ranges\.retiring it stays until they have others\.$/,
  );
  const both = { ...DOCUMENT, ranges: { ...ranges, retiring: { private: "10.65.0.0/16" } } };
  assert.deepEqual(apply(both).slice(0, 2), ["change subnet internal4-retiring: name, allocation_pools", "create subnet internal4"]);
  const old = one("subnets", "internal4-retiring");
  assert.deepEqual([old["id"], old["cidr"], old["gateway_ip"], old["allocation_pools"]], [before, "10.65.0.0/16", "10.65.0.254", []]);
  assert.deepEqual(apply(both), []);
  const holders = [{ port: id, ip: "10.65.0.9", device: "", host: "" }];
  assert.deepEqual(retiring(both), [{ subnet: "internal4-retiring", cidr: "10.65.0.0/16", ports: 1, holders }]);
  moveTo(id, "10.66.0.9");
  assert.deepEqual(retiring(both), [{ subnet: "internal4-retiring", cidr: "10.65.0.0/16", ports: 0, holders: [] }]);
  assert.deepEqual(apply({ ...DOCUMENT, ranges }).slice(0, 1), ["delete subnet internal4-retiring"]);
  assert.deepEqual(apply({ ...DOCUMENT, ranges }), []);
});

test("of a range that retires nobody is given an address, asked for or not; who has one keeps it", () => {
  apply(DOCUMENT);
  const { id } = port("internal", "10.65.0.9");
  const ranges = { ...DOCUMENT.ranges, private: "10.66.0.0/16", retiring: { private: "10.65.0.0/16" } };
  apply({ ...DOCUMENT, ranges });
  const ask = (fixed_ips?: object) =>
    cloud.ask(ADMIN, "POST", "ports", { port: { network_id: one("networks", "internal")["id"], ...(fixed_ips && { fixed_ips }) } });
  const fresh = (ask().body as { port: { fixed_ips: { ip_address: string }[] } }).port;
  assert.match(String(fresh.fixed_ips.map(({ ip_address: ip }) => ip).join()), /10\.66\.\d+\.\d+/);
  const words =
    "409 AddressRetires: Unable to give out 10.65.0.10: the range 10.65.0.0/16 retires, and nobody is given another address of it.";
  assert.equal(refusal(ask([{ ip_address: "10.65.0.10" }])), words);
  assert.match(refusal(ask([{ subnet_id: one("subnets", "internal4-retiring")["id"] }])), /^409 IpAddressGenerationFailure/);
  const kept = [{ ip_address: "10.65.0.9" }, { subnet_id: one("subnets", "internal4")["id"] }];
  const { status, body } = cloud.ask(ADMIN, "PUT", `ports/${String(id)}`, { port: { fixed_ips: kept } });
  assert.equal(status, 200, JSON.stringify(body));
});

test("a range that was to retire comes back, and what was to replace it goes", () => {
  apply(DOCUMENT);
  const { id } = port("internal", "10.65.0.9");
  const before = one("subnets", "internal4")["id"];
  const ranges = { ...DOCUMENT.ranges, private: "10.66.0.0/16", retiring: { private: "10.65.0.0/16" } };
  apply({ ...DOCUMENT, ranges });
  assert.deepEqual(apply(DOCUMENT).slice(0, 2), ["delete subnet internal4", "change subnet internal4: name, allocation_pools"]);
  assert.equal(one("subnets", "internal4")["id"], before);
  assert.deepEqual(apply(DOCUMENT), []);
  assert.equal(listed(ADMIN, "ports", `?id=${String(id)}`).length, 1);
});

test("what a gateway is to translate into is taken from nobody, also of a range that retires", () => {
  apply(DOCUMENT);
  port("external", "172.18.208.9");
  const ranges = { ...DOCUMENT.ranges, public: "172.18.209.0/24", retiring: { public: "172.18.208.0/24" } };
  const gateways = DOCUMENT.gateways.map((gateway) => ({ ...gateway, pnat: "172.18.208.8-172.18.208.11" }));
  assert.match(
    refusal(post({ ...DOCUMENT, ranges, gateways })),
    /^409 .*Cannot change the subnet external4: port \S+ has 172\.18\.208\.9\./,
  );
});

test("all ranges may be replaced at once", () => {
  apply(DOCUMENT);
  const ranges = { public: "172.18.209.0/24", private: "10.66.0.0/16", ipv6: "2001:db8:a41:4::/63", retiring: DOCUMENT.ranges };
  apply({ ...DOCUMENT, ranges });
  assert.deepEqual(
    listed(ADMIN, "subnets")
      .map(({ name, cidr }) => `${String(name)} ${String(cidr)}`)
      .toSorted(),
    [
      "external4 172.18.209.0/24",
      "external4-retiring 172.18.208.0/24",
      "external6 2001:db8:a41:4::/64",
      "external6-retiring 2001:db8:a41:2::/64",
      "internal4 10.66.0.0/16",
      "internal4-retiring 10.65.0.0/16",
      "internal6 2001:db8:a41:5::/64",
      "internal6-retiring 2001:db8:a41:3::/64",
    ],
  );
});

function moveTo(port: unknown, ip: string): void {
  const { status, body } = cloud.ask(ADMIN, "PUT", `ports/${String(port)}`, { port: { fixed_ips: [{ ip_address: ip }] } });
  assert.equal(status, 200, JSON.stringify(body));
}

const retiring = (document: unknown) => (post(document, true).body as AppliedBody).retiring;

test("ranges may change places", () => {
  const document = { ...DOCUMENT, gateways: [], ranges: { public: "172.18.208.0/24", private: "10.65.0.0/16" } };
  apply(document);
  const swapped = apply({ ...document, ranges: { public: "10.65.0.0/16", private: "172.18.208.0/24" } });
  assert.deepEqual(
    swapped.filter((line) => line.includes(" subnet ")),
    ["change subnet external4: cidr, gateway_ip, allocation_pools", "change subnet internal4: cidr, gateway_ip, allocation_pools"],
  );
  assert.equal(one("subnets", "external4")["cidr"], "10.65.0.0/16");
});

test("a range that is gone takes its subnets along", () => {
  apply(DOCUMENT);
  const { ipv6: _, ...ranges } = DOCUMENT.ranges;
  assert.deepEqual(apply({ ...DOCUMENT, ranges }).slice(0, 2), ["delete subnet external6", "delete subnet internal6"]);
  assert.deepEqual(
    listed(ADMIN, "subnets")
      .map(({ name }) => name)
      .toSorted(),
    ["external4", "internal4"],
  );
});

test("networks are known again under another name, and after somebody deleted one", () => {
  apply(DOCUMENT);
  const { id } = one("networks", "external");
  const renamed = { ...DOCUMENT, networks: { external: { name: "outside" } } };
  assert.deepEqual(apply(renamed), ["change network outside: name", "change subnet outside4: name", "change subnet outside6: name"]);
  assert.equal(one("networks", "outside")["id"], id);
  assert.equal(cloud.ask(ADMIN, "DELETE", `networks/${String(id)}`).status, 204);
  assert.deepEqual(apply(renamed), ["create network outside", "create subnet outside4", "create subnet outside6"]);
  assert.deepEqual(apply(renamed), []);
});

test("what an administrator changed by hand is put right; tags and routes stay", () => {
  apply(DOCUMENT);
  const { id } = one("subnets", "external4");
  const routes = [{ destination: "203.0.113.0/24", nexthop: "172.18.208.1" }];
  cloud.ask(ADMIN, "PUT", `subnets/${String(id)}`, { subnet: { dns_nameservers: [], host_routes: routes } });
  assert.deepEqual(apply(DOCUMENT), ["change subnet external4: dns_nameservers"]);
  assert.deepEqual(one("subnets", "external4")["host_routes"], routes);
});

test("what was changed by hand first and declared later is still told to the hosts", () => {
  apply(DOCUMENT);
  const { id } = one("subnets", "external4");
  cloud.ask(ADMIN, "PUT", `subnets/${String(id)}`, { subnet: { allocation_pools: [{ start: "172.18.208.10", end: "172.18.208.20" }] } });
  const declared = { ...DOCUMENT, networks: { external: { pools4: ["172.18.208.10-172.18.208.20"] } } };
  assert.deepEqual(apply(declared), [
    "change datacenter guide: networks.external.subnets[0].pools[0].start, networks.external.subnets[0].pools[0].end",
  ]);
  assert.deepEqual(apply(declared), []);
});

test("a name that everybody sees already is not taken a second time", () => {
  cloud.ask(ADMIN, "POST", "networks", { network: { name: "external", shared: true } });
  assert.match(
    refusal(post(DOCUMENT)),
    /^409 DataCenterConflict: Cannot make the network external: network \S+ of project p-admin has that name/,
  );
});

test("a range that another subnet lies in is refused", () => {
  const { body } = cloud.ask(ADMIN, "POST", "networks", { network: { name: "n" } });
  const network_id = (body as { network: { id: string } }).network.id;
  cloud.ask(ADMIN, "POST", "subnets", { subnet: { network_id, ip_version: 4, cidr: "10.65.7.0/24" } });
  assert.match(refusal(post(DOCUMENT)), /^400 InvalidInput: .*10\.65\.0\.0\/16 .*overlaps with another subnet/);
});

test("a wrong document is refused with every problem and its place", () => {
  const hosts = [{ name: "h1", ipv4: "192.168.101.11", ipv6: "2001:db8:a41:f::11" }];
  const { status, body } = post({ ...DOCUMENT, nam: "x", hosts });
  const { problems, NeutronError } = body as { problems: readonly { path: string; message: string }[]; NeutronError: { message: string } };
  assert.equal(status, 400);
  assert.deepEqual(problems.map(({ path }) => path).toSorted(), ["hosts[0].ipv4", "nam"]);
  assert.equal(NeutronError.message, "Cannot apply the data centre: 2 problems in the document");
  assert.match(refusal(post("just text")), /^400 InvalidDataCenter/);
  assert.match(refusal(ask(ADMIN, "POST", "apply", {})), /^400 HTTPBadRequest: Unable to find 'document'/);
  assert.match(
    refusal(ask(ADMIN, "POST", "apply", { document: DOCUMENT, dry_run: "no" })),
    /^400 HTTPBadRequest: Invalid input for dry_run/,
  );
});

test("the data centre is shown to administrators, and made by them", () => {
  const shown = () => (ask(ADMIN, "GET", "datacenter").body as DataCenterBody).datacenter;
  assert.equal(shown(), null);
  apply(DOCUMENT);
  assert.equal((shown() as { name: string }).name, "guide");
  assert.match(refusal(ask(MEMBER, "GET", "datacenter")), /^403 PolicyNotAuthorized/);
  assert.match(refusal(ask(MEMBER, "POST", "apply", { document: DOCUMENT })), /^403 PolicyNotAuthorized/);
  assert.match(refusal(ask(ADMIN, "GET", "apply")), /^405 /);
  assert.match(refusal(ask(ADMIN, "GET", "dragons")), /^404 /);
});
