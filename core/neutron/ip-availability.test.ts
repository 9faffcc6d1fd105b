/** How full networks are, in exact numbers, for those who may know. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADMIN, allIn, idOf, MEMBER, refusalOf, sandbox, SERVICE, shownIn } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

interface Lan {
  readonly box: Sandbox;
  readonly network: string;
}

/** A block of each family; three ports, one of them with an address outside the pool. */
function lan(): Lan {
  const box = sandbox();
  const network = idOf(box.ask(ADMIN, "POST", "networks", { network: { name: "lan" } }));
  const subnet = (said: object) => box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, ...said } });
  subnet({ ip_version: 4, cidr: "10.0.0.0/24", name: "four", allocation_pools: [{ start: "10.0.0.10", end: "10.0.0.19" }] });
  subnet({ ip_version: 6, cidr: "2001:db8::/64", name: "six" });
  const port = (said: object) => box.ask(ADMIN, "POST", "ports", { port: { network_id: network, ...said } });
  port({ fixed_ips: [{ ip_address: "10.0.0.10" }, { ip_address: "10.0.0.11" }] });
  port({ fixed_ips: [{ ip_address: "10.0.0.200" }] });
  port({});
  return { box, network };
}

describe("how full a network is", () => {
  test("is told for the whole and for each subnet, to the last digit", () => {
    const { box, network } = lan();
    const shown = shownIn(box.ask(ADMIN, "GET", `network-ip-availabilities/${network}`), "network_ip_availability");
    const { network_name, project_id, tenant_id, total_ips, used_ips, subnet_ip_availability: subnets } = shown;
    assert.deepEqual([network_name, project_id, tenant_id, used_ips], ["lan", ADMIN.project, ADMIN.project, 5]);
    // Of the /64, the routers' own address and the gateway are not given out.
    assert.equal(total_ips, 10n + 2n ** 64n - 2n);
    const [four, six] = subnets as readonly Record<string, unknown>[];
    const { subnet_id: _, ...rest } = four ?? {};
    assert.deepEqual(rest, {
      subnet_name: "four",
      ip_version: 4,
      cidr: "10.0.0.0/24",
      total_ips: 10,
      used_ips: 4,
      ip_availability_details: {
        total_ips_in_subnet: 254,
        total_ips_in_allocation_pool: 10,
        used_ips_in_subnet: 4,
        used_ips_in_allocation_pool: 3,
      },
    });
    assert.equal(six?.["total_ips"], 2n ** 64n - 2n);
    assert.equal(six?.["used_ips"], 1);
  });

  test("is found by network, project and family", () => {
    const { box, network } = lan();
    box.ask(MEMBER, "POST", "networks", { network: { name: "empty" } });
    const found = (query: string) =>
      allIn(box.ask(ADMIN, "GET", `network-ip-availabilities?${query}`), "network_ip_availabilities").map((one) => one["network_name"]);
    assert.deepEqual(found(""), ["lan", "empty"]);
    assert.deepEqual(found("network_name=empty"), ["empty"]);
    assert.deepEqual(found(`network_id=${network}`), ["lan"]);
    assert.deepEqual(found(`tenant_id=${MEMBER.project}`), ["empty"]);
    assert.deepEqual(found("ip_version=6"), ["lan"]);
    const [four] = allIn(box.ask(ADMIN, "GET", "network-ip-availabilities?ip_version=4&fields=used_ips"), "network_ip_availabilities");
    assert.deepEqual(four, { used_ips: 4 });
    assert.match(refusalOf(box.ask(ADMIN, "GET", "network-ip-availabilities?colour=blue")), /^400 HTTPBadRequest: \['colour'\]/);
  });

  test("is for administrators and services; others are told of no network", () => {
    const { box, network } = lan();
    assert.equal(allIn(box.ask(SERVICE, "GET", "network-ip-availabilities"), "network_ip_availabilities").length, 1);
    assert.deepEqual(allIn(box.ask(MEMBER, "GET", "network-ip-availabilities"), "network_ip_availabilities"), []);
    const missing = `404 NetworkNotFound: Network ${network} could not be found.`;
    assert.equal(refusalOf(box.ask(MEMBER, "GET", `network-ip-availabilities/${network}`)), missing);
    assert.equal(box.ask(ADMIN, "POST", "network-ip-availabilities", {}).status, 405);
  });
});
