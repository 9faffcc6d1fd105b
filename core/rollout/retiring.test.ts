import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ADMIN } from "../neutron/sandbox.ts";
import type { AppliedBody } from "./api.ts";
import { applying, DOCUMENT, refusal } from "./sandbox.ts";

let { cloud, post, apply, listed, one, port } = applying();
beforeEach(() => ({ cloud, post, apply, listed, one, port } = applying()));

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

test("a floating IP is given of the new range, and one of the old keeps it in place", () => {
  apply(DOCUMENT);
  cloud.ask(ADMIN, "PUT", `quotas/${ADMIN.project}`, { quota: { floatingip: 5 } });
  const floating = () => {
    const { status, body } = cloud.ask(ADMIN, "POST", "floatingips", {
      floatingip: { floating_network_id: one("networks", "external")["id"] },
    });
    assert.equal(status, 201, JSON.stringify(body));
    return String((body as { floatingip: Record<string, unknown> }).floatingip["floating_ip_address"]);
  };
  const before = floating();
  const ranges = { ...DOCUMENT.ranges, public: "172.18.209.0/24" };
  apply({ ...DOCUMENT, ranges: { ...ranges, retiring: { public: "172.18.208.0/24" } } });
  assert.match(floating(), /^172\.18\.209\./);
  assert.match(refusal(post({ ...DOCUMENT, ranges })), new RegExp(`Cannot delete the subnet external4-retiring .* has ${before}\\.`));
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
