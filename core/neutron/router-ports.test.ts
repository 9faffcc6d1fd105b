/** What routers mean for ports, subnets and networks, which have rules of their own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gatewayPortOf, interfacesOf } from "./router-links.ts";
import { connect, portIn, shown, site } from "./router-site.ts";
import type { Site } from "./router-site.ts";
import { ADMIN, MEMBER, OTHER, refusalOf } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";

interface Linked extends Site {
  readonly id: string;
  /** The port on `own4`. */
  readonly inside: string;
  readonly outside: string;
  changePort(id: string, said: Fields, who?: typeof MEMBER): string;
}

function linked(): Linked {
  const it = site();
  const id = it.router({ external_gateway_info: { network_id: it.external } });
  const inside = portIn(connect(it, id, it.own4));
  const changePort: Linked["changePort"] = (port, said, who = ADMIN) => {
    const answer = it.box.ask(who, "PUT", `ports/${port}`, { port: said });
    return answer.status === 200 ? "200" : refusalOf(answer);
  };
  return { ...it, id, inside, outside: gatewayPortOf(it.box.cloud, id)?.id ?? "", changePort };
}

describe("a port that ties a router", () => {
  test("is not deleted by itself", () => {
    const it = linked();
    const deleted = (port: string) => refusalOf(it.box.ask(ADMIN, "DELETE", `ports/${port}`));
    const held = (port: string, owner: string) =>
      `409 ServicePortInUse: Port ${port} cannot be deleted directly via the port API: has device owner ${owner}.`;
    assert.equal(deleted(it.inside), held(it.inside, "network:router_interface"));
    assert.equal(deleted(it.outside), held(it.outside, "network:router_gateway"));
  });

  test("is deleted like others where there is no such router", () => {
    const it = linked();
    const stray = it.port(it.own, { device_owner: "network:router_interface", device_id: "gone" });
    assert.equal(it.box.ask(MEMBER, "DELETE", `ports/${stray}`).status, 204);
  });

  test("keeps its IPv4 address and its MAC", () => {
    const it = linked();
    const stays = `400 IPAddressChangeNotAllowed: IP updates for port ${it.inside} are not allowed`;
    assert.equal(it.changePort(it.inside, { fixed_ips: [{ subnet_id: it.own4, ip_address: "10.0.0.77" }] }), stays);
    assert.equal(it.changePort(it.inside, { fixed_ips: [] }), stays);
    assert.equal(it.changePort(it.inside, { fixed_ips: [{ subnet_id: it.own4 }] }), "200");
    assert.equal(
      it.changePort(it.inside, { mac_address: "fa:16:3e:00:00:77" }),
      `409 UnsupportedPortDeviceOwner: Operation mac address update is not supported for device_owner network:router_interface on port ${it.inside}.`,
    );
    assert.equal(it.changePort(it.inside, { name: "to-own" }), "200");
    assert.equal(shown(it, `ports/${it.inside}`, "port")["status"], "ACTIVE");
  });

  test("may come to other IPv6 subnets as if it were connected to them", () => {
    const it = linked();
    const [first, second] = [it.subnet(it.own, "2001:db8:a::/64"), it.subnet(it.own, "2001:db8:b::/64")];
    const port = portIn(connect(it, it.id, first));
    const at = (subnet_id: string, ip_address: string) => ({ subnet_id, ip_address });
    assert.equal(it.changePort(port, { fixed_ips: [at(first, "2001:db8:a::1"), at(second, "2001:db8:b::9")] }), "200");
    it.change(it.id, { routes: [{ destination: "2001:db8:ffff::/48", nexthop: "2001:db8:b::1" }] });
    assert.match(it.changePort(port, { fixed_ips: [at(first, "2001:db8:a::1")] }), /^409 RouterInterfaceInUseByRoute/);
    const third = it.router();
    assert.equal(connect(it, third, second).status, 200);
    const [other] = interfacesOf(it.box.cloud, third);
    assert.match(it.changePort(other?.id ?? "", { fixed_ips: [at(second, "2001:db8:b::1"), at(first, "2001:db8:a::8")] }), /^200/);
    assert.match(
      it.changePort(other?.id ?? "", { fixed_ips: [at(second, "2001:db8:b::1"), at(second, "2001:db8:b::2")] }),
      /already has a port on subnet/,
    );
  });

  test("stays the router's, and no other port becomes the router's", () => {
    const it = linked();
    const own = `400 BadRequest: Bad port request: whether a port connects router ${it.id} is said to the router: by its interfaces and its external gateway.`;
    const device = { device_owner: "network:router_interface", device_id: it.id };
    const made = (network: string, who: typeof MEMBER) =>
      refusalOf(it.box.ask(who, "POST", "ports", { port: { network_id: network, ...device } }));
    assert.equal(made(it.own, MEMBER), own);
    const foreign = `409 DeviceIDNotOwnedByTenant: The following device_id ${it.id} is not owned by your project or matches another project router.`;
    assert.equal(made(it.network({}, OTHER), OTHER), foreign);
    assert.equal(it.changePort(it.inside, { device_id: "" }, MEMBER), own);
    assert.equal(it.changePort(it.inside, { device_owner: "compute:nova" }), own);
    assert.equal(it.changePort(it.port(it.own), device, MEMBER), own);
    assert.equal(it.changePort(it.inside, device, MEMBER), "200");
  });
});

test("a gateway's address that a router has stays the subnet's gateway", () => {
  const it = linked();
  const said = (gateway_ip: string | null) =>
    it.box.ask(MEMBER, "PUT", `subnets/${it.own4}`, { subnet: { gateway_ip, allocation_pools: [] } });
  const held = `409 GatewayIpInUse: Current gateway ip 10.0.0.1 already in use by port ${it.inside}. Unable to update.`;
  for (const gateway of ["10.0.0.2", null]) assert.equal(refusalOf(said(gateway)), held);
  assert.equal(said("10.0.0.1").status, 200);
  it.act(it.id, "remove_router_interface", { subnet_id: it.own4 });
  assert.equal(said("10.0.0.2").status, 200);
});

test("neither a subnet nor a network goes while a router is on it", () => {
  const it = linked();
  const gone = (path: string) => refusalOf(it.box.ask(ADMIN, "DELETE", path));
  assert.match(gone(`subnets/${it.own4}`), /^409 SubnetInUse/);
  assert.match(gone(`networks/${it.own}`), /^409 NetworkInUse: .*There are one or more ports still in use on the network/);
  assert.match(gone(`subnets/${it.external4}`), /^409 SubnetInUse/);
  assert.match(gone(`networks/${it.external}`), /^409 NetworkInUse/);
  const automatic = it.subnet(it.own, "2001:db8:a::/64", { ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac" });
  assert.equal(it.box.cloud.get("port", it.inside)?.fixed_ips.length, 1, "an interface has no address that it was not given");
  connect(it, it.id, automatic);
  assert.match(gone(`subnets/${automatic}`), /^409 SubnetInUse/);
});

test("an external network stays one while a router leaves by it", () => {
  const it = linked();
  const inside = (network: string) => it.box.ask(ADMIN, "PUT", `networks/${network}`, { network: { "router:external": false } });
  assert.match(refusalOf(inside(it.external)), /^409 ExternalNetworkInUse/);
  it.change(it.id, { external_gateway_info: null });
  assert.equal(inside(it.external).status, 200);
});

test("a router goes when its interfaces are gone, and its gateway with it", () => {
  const it = linked();
  const remove = () => it.box.ask(MEMBER, "DELETE", `routers/${it.id}`);
  assert.equal(refusalOf(remove()), `409 RouterInUse: Router ${it.id} has ports still attached: ${it.inside}`);
  it.act(it.id, "remove_router_interface", { port_id: it.inside });
  assert.equal(remove().status, 204);
  assert.equal(it.box.cloud.get("port", it.outside), undefined);
  assert.equal(it.box.ask(MEMBER, "GET", `routers/${it.id}`).status, 404);
});
