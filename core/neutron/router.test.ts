/** Routers: whose they are, what they are told as, and which of them lead from a subnet outside. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { routersConnecting } from "./router-links.ts";
import { connect, site } from "./router-site.ts";
import { ADMIN, allIn, MEMBER, OTHER, READER, refusalOf, shownIn } from "./sandbox.ts";

describe("a router", () => {
  test("begins connected to nothing", () => {
    const it = site();
    const {
      id,
      created_at: made,
      updated_at: changed,
      ...rest
    } = shownIn(it.box.ask(MEMBER, "POST", "routers", { router: { name: "r1" } }), "router");
    assert.ok([id, made, changed].every((value) => typeof value === "string"));
    assert.deepEqual(rest, {
      project_id: MEMBER.project,
      tenant_id: MEMBER.project,
      name: "r1",
      admin_state_up: true,
      status: "ACTIVE",
      external_gateway_info: null,
      availability_zone_hints: [],
      availability_zones: [],
      routes: [],
      description: "",
      revision_number: 0,
      tags: [],
    });
  });

  test("is its project's: others do not find it, readers do not change it", () => {
    const it = site();
    const id = it.router();
    const gone = `404 RouterNotFound: Router ${id} could not be found`;
    assert.equal(refusalOf(it.box.ask(OTHER, "GET", `routers/${id}`)), gone);
    assert.equal(refusalOf(it.change(id, { name: "x" }, OTHER)), gone);
    assert.equal(refusalOf(it.act(id, "add_router_interface", { subnet_id: it.own4 }, OTHER)), gone);
    assert.equal(refusalOf(it.box.ask(OTHER, "DELETE", `routers/${id}`)), gone);
    assert.equal(it.box.ask(READER, "GET", `routers/${id}`).status, 200);
    assert.equal(refusalOf(it.change(id, { name: "x" }, READER)), "403 PolicyNotAuthorized: rule:update_router is disallowed by policy");
    assert.equal(
      refusalOf(it.act(id, "add_router_interface", { subnet_id: it.own4 }, READER)),
      "403 PolicyNotAuthorized: rule:add_router_interface is disallowed by policy",
    );
  });

  test("is limited in number, where a data centre is applied to none", () => {
    const it = site();
    it.box.ask(ADMIN, "PUT", `quotas/${MEMBER.project}`, { quota: { router: 1 } });
    it.router();
    const another = () => refusalOf(it.box.ask(MEMBER, "POST", "routers", { router: {} }));
    assert.equal(another(), "409 OverQuota: Quota exceeded for resources: ['router'].");
    it.box.ask(ADMIN, "DELETE", `quotas/${MEMBER.project}`);
    it.box.cloud.apply("datacenter/this", { name: "dc", mtu: 1500, ranges: {} });
    assert.equal(another(), "409 OverQuota: Quota exceeded for resources: ['router'].");
  });

  test("can be tagged, and found by its name and its tags", () => {
    const it = site();
    const id = it.router({ name: "edge" });
    it.router();
    assert.equal(it.box.ask(MEMBER, "PUT", `routers/${id}/tags`, { tags: ["red"] }).status, 200);
    for (const query of ["name=edge", "tags=red", `id=${id}`])
      assert.deepEqual(allIn(it.box.ask(MEMBER, "GET", `routers?${query}&fields=id`), "routers"), [{ id }]);
  });

  test("is in no zone, and cannot be wished in one", () => {
    const it = site();
    const asked = it.box.ask(MEMBER, "POST", "routers", { router: { availability_zone_hints: ["nova"] } });
    assert.equal(refusalOf(asked), "404 AvailabilityZoneNotFound: AvailabilityZone nova could not be found.");
  });
});

test("the router that holds a subnet's gateway address comes first among those that lead outside", () => {
  const it = site();
  const outside = { external_gateway_info: { network_id: it.external } };
  const [beside, proper, inside] = [it.router(outside), it.router(outside), it.router()];
  for (const id of [beside, inside]) it.act(id, "add_router_interface", { port_id: it.port(it.own) });
  connect(it, proper, it.own4);
  assert.deepEqual(routersConnecting(it.box.cloud, it.own4, it.external), [proper, beside]);
  assert.deepEqual(routersConnecting(it.box.cloud, it.own4, it.own), []);
});
