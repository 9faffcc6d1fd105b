/** Addresses that move from one port to another in one call. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { novaEvents } from "./nova-events.ts";
import { ADMIN, allIn, idOf, MEMBER, OTHER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";
import type { Who } from "../policy/who.ts";

const VM = "11111111-1111-4111-8111-111111111111";

/** Two ports of the member's on one network, and one of each kind that must keep what it has. */
function two() {
  const box = sandbox();
  const make = (plural: string, fields: Fields, who: Who = MEMBER) =>
    idOf(box.ask(who, "POST", plural, { [plural.slice(0, -1).replaceAll("-", "_")]: fields }));
  const network = make("networks", { name: "own" });
  const subnet = make("subnets", { network_id: network, ip_version: 4, cidr: "10.1.0.0/24" });
  const port = (ips: readonly string[], said: Fields = {}, who: Who = MEMBER) =>
    make(
      "ports",
      { network_id: network, device_id: VM, device_owner: "compute:nova", fixed_ips: ips.map((ip_address) => ({ ip_address })), ...said },
      who,
    );
  const [from, to] = [port(["10.1.0.10", "10.1.0.11"]), port(["10.1.0.20"])];
  const take = (id: string, ips: readonly unknown[], who: Who = MEMBER, ifMatch?: string) =>
    box.ask(who, "PUT", `ports/${id}/take_addresses`, { addresses: ips.map((ip_address) => ({ ip_address })) }, ifMatch);
  const has = (id: string) => box.cloud.get("port", id)?.fixed_ips.map(({ ip_address: ip }) => ip);
  return { box, make, network, subnet, port, from, to, take, has };
}

test("an address moves: both rows change in one commit, and it does not rest", () => {
  const { box, from, to, take, has } = two();
  const before = [...box.cloud.all("port")];
  const seen: { readonly key: string; readonly before: object | undefined; readonly after: object | undefined }[] = [];
  const answer = take(to, ["10.1.0.11"]);
  for (const row of before) seen.push({ key: `port/${row.id}`, before: row, after: box.cloud.get("port", row.id) });
  assert.deepEqual(
    (shownIn(answer, "port")["fixed_ips"] as readonly Fields[]).map((fixed) => fixed["ip_address"]),
    ["10.1.0.20", "10.1.0.11"],
  );
  assert.deepEqual([has(from), has(to)], [["10.1.0.10"], ["10.1.0.20", "10.1.0.11"]]);
  assert.deepEqual(
    [from, to].map((id) => box.cloud.get("port", id)?.revision_number),
    [1, 1],
  );
  assert.equal(box.cloud.addresses.isReleased("10.1.0.11" as never), false);
  assert.deepEqual(
    seen
      .flatMap((change) => novaEvents(box.cloud, change))
      .map(({ name, tag }) => [name, tag])
      .toSorted(),
    [from, to].map((id) => ["network-changed", id]).toSorted(),
  );
  take(from, ["10.1.0.11"]);
  assert.deepEqual([has(from), has(to)], [["10.1.0.10", "10.1.0.11"], ["10.1.0.20"]]);
});

test("several move at once, from several ports, down to the last one", () => {
  const { port, from, to, take, has } = two();
  const third = port(["10.1.0.30"]);
  assert.equal(take(to, ["10.1.0.10", "10.1.0.30", "10.1.0.11"]).status, 200);
  assert.deepEqual([has(from), has(third), has(to)], [[], [], ["10.1.0.20", "10.1.0.10", "10.1.0.30", "10.1.0.11"]]);
});

test("what leads to it goes with it: floating IPs and port forwardings", () => {
  const { box, make, subnet, port, from, to, take } = two();
  const outside = make("networks", { "router:external": true }, ADMIN);
  make("subnets", { network_id: outside, ip_version: 4, cidr: "198.51.100.0/24" }, ADMIN);
  const router = make("routers", { external_gateway_info: { network_id: outside } });
  box.ask(MEMBER, "PUT", `routers/${router}/add_router_interface`, { subnet_id: subnet });
  const floating = make("floatingips", { floating_network_id: outside, port_id: from, fixed_ip_address: "10.1.0.11" });
  const other = make("floatingips", { floating_network_id: outside, port_id: from, fixed_ip_address: "10.1.0.10" });
  const third = port(["10.1.0.30"]);
  const shared = make("floatingips", { floating_network_id: outside });
  const forwarding = { protocol: "tcp", external_port: 22, internal_port: 22, internal_port_id: third, internal_ip_address: "10.1.0.30" };
  assert.equal(box.ask(MEMBER, "POST", `floatingips/${shared}/port_forwardings`, { port_forwarding: forwarding }).status, 201);
  assert.equal(take(to, ["10.1.0.11", "10.1.0.30"]).status, 200);
  const led = (id: string) => shownIn(box.ask(MEMBER, "GET", `floatingips/${id}`), "floatingip");
  assert.deepEqual([led(floating)["port_id"], led(floating)["fixed_ip_address"], led(other)["port_id"]], [to, "10.1.0.11", from]);
  const [moved] = allIn(box.ask(MEMBER, "GET", `floatingips/${shared}/port_forwardings`), "port_forwardings");
  assert.deepEqual([moved?.["internal_port_id"], moved?.["internal_ip_address"]], [to, "10.1.0.30"]);
});

describe("it is refused whole, where", () => {
  const refuses = (what: string, ask: (it: ReturnType<typeof two>) => ReturnType<ReturnType<typeof two>["take"]>, refusal: RegExp) =>
    test(what, () => {
      const it = two();
      const four = () => [it.from, it.to].map((id) => it.has(id)?.filter((ip) => !ip.includes(":")));
      const before = four();
      assert.match(refusalOf(ask(it)), refusal);
      assert.deepEqual(four(), before);
    });
  refuses(
    "nobody has one of them",
    ({ take, to }) => take(to, ["10.1.0.11", "10.1.0.99"]),
    /^404 AddressNotFound: No port has the IP address 10\.1\.0\.99\.$/,
  );
  refuses("the port has it already", ({ take, to }) => take(to, ["10.1.0.20"]), /^409 IpAddressAlreadyAllocated/);
  refuses("it is no address", ({ take, to }) => take(to, ["10.1.0"]), /^400 .*10\.1\.0/);
  refuses("none is named", ({ take, to }) => take(to, []), /^400 HTTPBadRequest: 'addresses' names no address/);
  refuses("one is named twice", ({ take, to }) => take(to, ["10.1.0.11", "10.1.0.11"]), /^400 /);
  refuses(
    "nothing is said",
    ({ box, to }) => box.ask(MEMBER, "PUT", `ports/${to}/take_addresses`, {}),
    /^400 HTTPBadRequest: Unable to find 'addresses'/,
  );
  refuses("there is no such port", ({ take }) => take(VM, ["10.1.0.11"]), /^404 PortNotFound/);
  refuses("the port has changed since", ({ take, to }) => take(to, ["10.1.0.11"], MEMBER, "revision_number=7"), /^412 /);
  refuses(
    "the port is on another network",
    ({ make, take }) => {
      const network = make("networks", {});
      return take(make("ports", { network_id: network }), ["10.1.0.11"]);
    },
    /^400 InvalidIpForNetwork/,
  );
  refuses(
    "it is a router's",
    ({ box, make, subnet, take, to }) => {
      box.ask(MEMBER, "PUT", `routers/${make("routers", {})}/add_router_interface`, { subnet_id: subnet });
      return take(to, ["10.1.0.1"]);
    },
    /^409 ServicePortInUse/,
  );
  refuses(
    "it follows from the other's MAC",
    ({ box, make, network, take, to }) => {
      const modes = { ipv6_address_mode: "slaac", ipv6_ra_mode: "slaac" };
      make("subnets", { network_id: network, ip_version: 6, cidr: "2001:db8:1::/64", ...modes });
      const one = make("ports", { network_id: network });
      const six = box.cloud
        .get("port", one)
        ?.fixed_ips.map(({ ip_address: ip }) => ip)
        .find((ip) => ip.includes(":"));
      return take(to, [six]);
    },
    /^400 AllocationOnAutoAddressSubnet/,
  );
  refuses("the asker may not see who has it", ({ take, to }) => take(to, ["10.1.0.11"], OTHER), /^404 PortNotFound/);
  refuses(
    "the asker may not change who has it",
    ({ box, make, take }) => {
      // On a network of another project, who sees all ports of their own network changes only their own.
      const network = make("networks", { project_id: OTHER.project, shared: true }, ADMIN);
      make("subnets", { network_id: network, ip_version: 4, cidr: "10.2.0.0/24" }, ADMIN);
      const theirs = make("ports", { network_id: network });
      const own = make("ports", { network_id: network }, OTHER);
      return take(own, [String(box.cloud.get("port", theirs)?.fixed_ips[0]?.ip_address)], OTHER);
    },
    /^403 PolicyNotAuthorized: rule:take_addresses is disallowed by policy/,
  );
});
