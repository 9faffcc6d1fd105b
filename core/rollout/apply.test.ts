import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ADMIN, MEMBER } from "../neutron/sandbox.ts";
import type { DataCenterBody } from "../datacenter/api.ts";
import type { AppliedBody } from "./api.ts";
import { applying, DOCUMENT, refusal } from "./sandbox.ts";

const PUBLIC = { public: "172.18.208.0/24" };

let { cloud, ask, post, apply, listed, one, state, port } = applying();
beforeEach(() => ({ cloud, ask, post, apply, listed, one, state, port } = applying()));

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
