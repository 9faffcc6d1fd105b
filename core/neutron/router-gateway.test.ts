/** The way outside: which networks and addresses a router can have for it, and what holds it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Who } from "../policy/who.ts";
import { gatewayPortOf } from "./router-links.ts";
import { connect, MISSING, shown, site } from "./router-site.ts";
import type { Site } from "./router-site.ts";
import { ADMIN, allIn, MEMBER, READER, refusalOf, shownIn } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";

const GATEWAY = "update_router:external_gateway_info";

describe("the gateway of a router", () => {
  test("is a port of nobody's on the external network, with an address of each family", () => {
    const it = site();
    const id = it.router({ external_gateway_info: { network_id: it.external } });
    const port = gatewayPortOf(it.box.cloud, id);
    assert.ok(port !== undefined);
    const { project_id, device_id, device_owner, security_groups, port_security_enabled, status } = port;
    assert.deepEqual(
      { project_id, device_id, device_owner, security_groups, port_security_enabled, status },
      {
        project_id: "",
        device_id: id,
        device_owner: "network:router_gateway",
        security_groups: [],
        port_security_enabled: false,
        status: "ACTIVE",
      },
    );
    assert.equal(port.fixed_ips.length, 2);
    assert.deepEqual(shown(it, `routers/${id}`, "router", READER)["external_gateway_info"], {
      network_id: it.external,
      external_fixed_ips: port.fixed_ips,
      enable_snat: true,
    });
    assert.deepEqual(allIn(it.box.ask(MEMBER, "GET", "ports"), "ports"), []);
  });

  test("stays when the same is said again, moves with another network, and goes when null or {} is said", () => {
    const it = site();
    const id = it.router({ external_gateway_info: { network_id: it.external } });
    const before = gatewayPortOf(it.box.cloud, id);
    it.change(id, { external_gateway_info: { network_id: it.external } });
    assert.deepEqual(gatewayPortOf(it.box.cloud, id), before);
    const second = it.network({ "router:external": true }, ADMIN);
    const revision = Number(shown(it, `routers/${id}`, "router")["revision_number"]);
    it.change(id, { external_gateway_info: { network_id: second } });
    assert.equal(gatewayPortOf(it.box.cloud, id)?.network_id, second);
    assert.equal(shown(it, `routers/${id}`, "router")["revision_number"], revision + 1);
    for (const none of [null, {}]) {
      it.change(id, { external_gateway_info: { network_id: it.external } });
      assert.equal(shownIn(it.change(id, { external_gateway_info: none }), "router")["external_gateway_info"], null);
      assert.equal(it.box.cloud.count("port", "device_id", id), 0);
    }
  });

  test("has the addresses that an administrator names, and others when he names others", () => {
    const it = site();
    const named = (address: string) => ({ network_id: it.external, external_fixed_ips: [{ ip_address: address }], enable_snat: false });
    const id = it.router();
    assert.equal(it.change(id, { external_gateway_info: named("198.51.100.40") }, ADMIN).status, 200);
    it.change(id, { external_gateway_info: named("198.51.100.41") }, ADMIN);
    assert.deepEqual(shown(it, `routers/${id}`, "router")["external_gateway_info"], {
      network_id: it.external,
      external_fixed_ips: [{ subnet_id: it.external4, ip_address: "198.51.100.41" }],
      enable_snat: false,
    });
    // As in Neutron, what is not said again is as in the beginning.
    it.change(id, { external_gateway_info: { network_id: it.external } });
    assert.equal((shown(it, `routers/${id}`, "router")["external_gateway_info"] as Fields)["enable_snat"], true);
  });

  const refusedGateways: readonly [name: string, who: Who, said: (it: Site) => Fields, refusal: (it: Site) => string][] = [
    [
      "a network that is not there",
      MEMBER,
      () => ({ network_id: MISSING }),
      () => `404 NetworkNotFound: Network ${MISSING} could not be found.`,
    ],
    [
      "a network that is not external",
      MEMBER,
      (it) => ({ network_id: it.own }),
      (it) => `400 BadRequest: Bad router request: Network ${it.own} is not an external network.`,
    ],
    [
      "no network",
      ADMIN,
      () => ({ enable_snat: true }),
      () =>
        "400 HTTPBadRequest: Invalid input for external_gateway_info. Reason: Validation of dictionary's keys failed. " +
        "Expected keys: {'network_id', 'external_fixed_ips', 'enable_snat'} Provided keys: {'enable_snat'}.",
    ],
    [
      "an address, of a member",
      MEMBER,
      (it) => ({ network_id: it.external, external_fixed_ips: [{ ip_address: "198.51.100.40" }] }),
      () =>
        `403 PolicyNotAuthorized: (rule:update_router and (rule:${GATEWAY} and (rule:${GATEWAY}:network_id and rule:${GATEWAY}:external_fixed_ips))) ` +
        "is disallowed by policy",
    ],
    [
      "translation, of a member",
      MEMBER,
      (it) => ({ network_id: it.external, enable_snat: false }),
      () =>
        `403 PolicyNotAuthorized: (rule:update_router and (rule:${GATEWAY} and (rule:${GATEWAY}:network_id and rule:${GATEWAY}:enable_snat))) ` +
        "is disallowed by policy",
    ],
    [
      "the gateway's own address",
      ADMIN,
      (it) => ({ network_id: it.external, external_fixed_ips: [{ ip_address: "198.51.100.1" }] }),
      () => "400 BadRequest: Bad router request: External IP 198.51.100.1 is the same as the gateway IP.",
    ],
    [
      "an address that somebody has",
      ADMIN,
      (it) => ({ network_id: it.external, external_fixed_ips: [{ ip_address: "198.51.100.77" }] }),
      (it) => `409 IpAddressAlreadyAllocated: IP address 198.51.100.77 already allocated in subnet ${it.external4}`,
    ],
    [
      "an address that is not the network's",
      ADMIN,
      (it) => ({ network_id: it.external, external_fixed_ips: [{ ip_address: "192.0.2.1" }] }),
      () => "400 InvalidIpForNetwork: IP address 192.0.2.1 is not a valid IP for any of the subnets on the specified network.",
    ],
  ];
  for (const [name, who, said, refusal] of refusedGateways)
    test(`cannot be ${name}`, () => {
      const it = site();
      it.port(it.external, { fixed_ips: [{ ip_address: "198.51.100.77" }] }, ADMIN);
      const id = it.router();
      assert.equal(refusalOf(it.change(id, { external_gateway_info: said(it) }, who)), refusal(it));
      assert.equal(it.box.cloud.count("port", "device_id", id), 0);
    });

  test("cannot be on what an interface is on, nor on a block that overlaps with it", () => {
    const it = site({ overlappingSubnets: "allowed" });
    const both = it.network({ "router:external": true, project_id: MEMBER.project }, ADMIN);
    const subnet = it.subnet(both, "10.9.0.0/24");
    const id = it.router();
    assert.equal(connect(it, id, subnet).status, 200);
    const on = (network: string) => refusalOf(it.change(id, { external_gateway_info: { network_id: network } }));
    assert.equal(on(both), `400 BadRequest: Bad router request: Router already has a port on subnet ${subnet}.`);
    const like = it.network({ "router:external": true }, ADMIN);
    const wide = it.subnet(like, "10.9.0.0/16", {}, ADMIN);
    assert.equal(
      on(like),
      `400 BadRequest: Bad router request: Cidr 10.9.0.0/16 of subnet ${wide} overlaps with cidr 10.9.0.0/24 of subnet ${subnet}.`,
    );
  });

  test("is needed by the routes through it", () => {
    const it = site();
    const id = it.router({ external_gateway_info: { network_id: it.external } });
    const routes = [{ destination: "203.0.113.0/24", nexthop: "198.51.100.1" }];
    assert.equal(it.change(id, { routes }).status, 200);
    assert.match(
      refusalOf(it.change(id, { external_gateway_info: null })),
      /^400 InvalidRoutes: .*the nexthop is not connected with router$/,
    );
    assert.equal(it.change(id, { external_gateway_info: null, routes: [] }).status, 200, "both may go at once");
  });

  test("cannot promise that private addresses leave untranslated", () => {
    const it = site();
    const elsewhere = { fabric: {}, gateways: [] };
    it.box.cloud.apply("datacenter/this", { name: "dc", mtu: 1500, ranges: { private: "10.0.0.0/8" }, ...elsewhere });
    it.box.ask(ADMIN, "PUT", `quotas/${MEMBER.project}`, { quota: { router: 10 } });
    const untranslated = { external_gateway_info: { network_id: it.external, enable_snat: false } };
    const refused =
      `400 BadRequest: Bad router request: enable_snat cannot be false: what leaves subnet ${it.own4} is translated, ` +
      "as are all addresses of 10.0.0.0/8.";
    const first = it.router();
    assert.equal(it.change(first, untranslated, ADMIN).status, 200);
    assert.equal(refusalOf(connect(it, first, it.own4)), refused);
    const second = it.router();
    assert.equal(connect(it, second, it.own4).status, 200);
    assert.equal(refusalOf(it.change(second, untranslated, ADMIN)), refused);
  });
});
