/** What clients do with routers from first to last: a project's network behind a router, with a VM that is reached from outside. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inconsistencies } from "./consistency.ts";
import { routersConnecting } from "./router-links.ts";
import { connect, portIn, shown, site } from "./router-site.ts";
import { ADMIN, allIn, idOf, MEMBER, READER, refusalOf, shownIn } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";

test("a project's network is put behind a router, used, and taken down again", () => {
  const it = site();
  const listed = (query: string) => allIn(it.box.ask(READER, "GET", query), query.split("?")[0] ?? "");
  const id = it.router({ name: "edge", admin_state_up: false });
  assert.equal(shownIn(it.change(id, { admin_state_up: true, name: "renamed" }), "router")["admin_state_up"], true);
  assert.deepEqual(listed("routers?name=renamed&fields=id"), [{ id }]);
  it.change(id, { external_gateway_info: { network_id: it.external } });

  const port = portIn(connect(it, id, it.own4));
  assert.deepEqual(listed(`ports?device_id=${id}&fields=id`), [{ id: port }]);
  assert.equal(it.box.ask(ADMIN, "PUT", `ports/${port}`, { port: { fixed_ips: [{ subnet_id: it.own4 }] } }).status, 200);
  assert.deepEqual(shown(it, `ports/${port}`, "port")["fixed_ips"], [{ subnet_id: it.own4, ip_address: "10.0.0.1" }]);
  assert.deepEqual(routersConnecting(it.box.cloud, it.own4, it.external), [id]);

  const vm = it.port(it.own);
  const floating = it.box.ask(MEMBER, "POST", "floatingips", { floatingip: { floating_network_id: it.external, port_id: vm } });
  assert.equal(shownIn(floating, "floatingip")["router_id"], id);

  assert.deepEqual(inconsistencies(new Map(it.box.cloud.entries())), []);
  // From the far end, each step is held by the one before.
  const off = () => it.act(id, "remove_router_interface", { subnet_id: it.own4 });
  const out = () => it.change(id, { external_gateway_info: {} });
  assert.match(refusalOf(off()), /^409 RouterInterfaceInUseByFloatingIP/);
  assert.match(refusalOf(out()), /^409 RouterExternalGatewayInUseByFloatingIp/);
  assert.match(refusalOf(it.box.ask(MEMBER, "DELETE", `routers/${id}`)), /^409 RouterInUse/);
  assert.equal(it.box.ask(MEMBER, "DELETE", `floatingips/${idOf(floating)}`).status, 204);
  assert.equal(off().status, 200);
  assert.equal(out().status, 200);
  assert.equal(it.box.ask(MEMBER, "DELETE", `routers/${id}`).status, 204);
  assert.deepEqual(listed(`ports?device_id=${id}`), []);
  assert.equal(it.box.ask(MEMBER, "DELETE", `ports/${vm}`).status, 204);
  assert.equal(it.box.ask(MEMBER, "DELETE", `networks/${it.own}`).status, 204);
});

test("a router on four networks has a route by each, and gives them up one after the other", () => {
  const it = site({ deadNextHops: "allowed" });
  const id = it.router();
  const cidrs = [1, 2, 3, 4].map((at) => `10.${at}.0.0/24`);
  const subnets = cidrs.map((cidr) => it.subnet(it.network(), cidr));
  for (const subnet of subnets) assert.equal(connect(it, id, subnet).status, 200);
  const routes = cidrs.map((destination, at) => ({ destination, nexthop: `10.${at + 1}.0.2` }));
  assert.deepEqual(shownIn(it.change(id, { routes }), "router")["routes"], routes);
  for (const at of routes.keys()) {
    const left = routes.slice(at + 1);
    assert.deepEqual(shownIn(it.change(id, { routes: left }), "router")["routes"], left);
    assert.equal(it.act(id, "remove_router_interface", { subnet_id: subnets[at] }).status, 200);
  }
  assert.equal(it.box.ask(MEMBER, "DELETE", `routers/${id}`).status, 204);
});

test("two routers are on one network by a port each", () => {
  const it = site();
  const links = [it.router(), it.router()].map((id) => {
    const port_id = it.port(it.own);
    assert.equal(it.act(id, "add_router_interface", { port_id }).status, 200);
    return { id, port_id };
  });
  for (const { id, port_id } of links) assert.equal(shown(it, `ports/${port_id}`, "port")["device_id"], id);
  for (const { id, port_id } of links) assert.equal(it.act(id, "remove_router_interface", { port_id }).status, 200);
});

test("an administrator makes a router for a project, which then has it", () => {
  const it = site();
  const said: Fields = { project_id: MEMBER.project, external_gateway_info: { network_id: it.external, enable_snat: false } };
  const id = it.router(said, ADMIN);
  const { project_id, external_gateway_info: gateway } = shown(it, `routers/${id}`, "router", READER);
  assert.equal(project_id, MEMBER.project);
  assert.equal((gateway as Fields)["enable_snat"], false);
});
