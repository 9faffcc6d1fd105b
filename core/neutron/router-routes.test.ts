/** Extra routes: what a next hop must be, how many there may be, and single ones added and removed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect, shown, site } from "./router-site.ts";
import type { Site } from "./router-site.ts";
import { ADMIN, MEMBER, refusalOf, shownIn } from "./sandbox.ts";

const TO_HOST = { destination: "10.200.0.0/24", nexthop: "10.0.0.50" };
const TO_OTHER = { destination: "10.201.0.0/24", nexthop: "10.0.0.51" };

/** A router on MEMBER's own subnet, which has `TO_HOST`, where next hops may be anybody. */
function routed(): Site & { readonly id: string } {
  const it = site({ deadNextHops: "allowed" });
  const id = it.router();
  connect(it, id, it.own4);
  assert.deepEqual(shownIn(it.change(id, { routes: [TO_HOST] }), "router")["routes"], [TO_HOST]);
  return { ...it, id };
}

const routesOf = (it: Site & { readonly id: string }) => shown(it, `routers/${it.id}`, "router")["routes"];

describe("extra routes", () => {
  test("are said of a router that is there, not of one that is to be", () =>
    assert.equal(
      refusalOf(site().box.ask(MEMBER, "POST", "routers", { router: { routes: [] } })),
      "400 HTTPBadRequest: Attribute 'routes' not allowed in POST",
    ));

  test("go with null", () => {
    const it = routed();
    assert.deepEqual(shownIn(it.change(it.id, { routes: null }), "router")["routes"], []);
  });

  test("hold the interface that they are reached by", () => {
    const it = routed();
    const held = `Router interface for subnet ${it.own4} on router ${it.id} cannot be deleted, as it is required by one or more routes.`;
    assert.equal(refusalOf(it.act(it.id, "remove_router_interface", { subnet_id: it.own4 })), `409 RouterInterfaceInUseByRoute: ${held}`);
    it.change(it.id, { routes: [] });
    assert.equal(it.act(it.id, "remove_router_interface", { subnet_id: it.own4 }).status, 200);
  });

  const wrong: readonly [name: string, routes: readonly object[], refusal: string][] = [
    [
      "by an address on none of its subnets",
      [{ ...TO_HOST, nexthop: "10.99.0.50" }],
      "400 InvalidRoutes: Invalid format for routes: [{'destination': '10.200.0.0/24', 'nexthop': '10.99.0.50'}], the nexthop is not connected with router",
    ],
    [
      "by itself",
      [{ ...TO_HOST, nexthop: "10.0.0.1" }],
      "400 InvalidRoutes: Invalid format for routes: [{'destination': '10.200.0.0/24', 'nexthop': '10.0.0.1'}], the nexthop is used by router",
    ],
    [
      "for an address within a block",
      [{ ...TO_HOST, destination: "10.200.0.1/24" }],
      "400 HTTPBadRequest: Invalid input for routes. Reason: '10.200.0.1/24' is not a recognized CIDR, '10.200.0.0/24' is recommended.",
    ],
    [
      "for the loopback",
      [{ ...TO_HOST, destination: "127.0.0.0/8" }],
      "400 HTTPBadRequest: Invalid input for routes. Reason: '127.0.0.0/8' leads back to the host itself.",
    ],
    [
      "for what is no block",
      [{ ...TO_HOST, destination: "everything" }],
      "400 HTTPBadRequest: Invalid input for routes. Reason: 'everything' is not a valid CIDR.",
    ],
    [
      "twice",
      [TO_OTHER, TO_OTHER],
      "400 HTTPBadRequest: Invalid input for routes. Reason: Duplicate items in the list: '{'destination': '10.201.0.0/24', 'nexthop': '10.0.0.51'}'.",
    ],
  ];
  for (const [name, routes, refusal] of wrong)
    test(`cannot lead ${name}`, () => {
      const it = routed();
      assert.equal(refusalOf(it.change(it.id, { routes })), refusal);
      assert.match(refusalOf(it.act(it.id, "add_extraroutes", { router: { routes } })), /^400 (InvalidRoutes|HTTPBadRequest)/);
      assert.deepEqual(routesOf(it), [TO_HOST]);
    });

  test("are as many as the project may have of one router", () => {
    const it = routed();
    it.box.ask(ADMIN, "PUT", `quotas/${MEMBER.project}`, { quota: { router_route: 2 } });
    const routes = [1, 2, 3].map((at) => ({ ...TO_HOST, destination: `10.20${at}.0.0/24` }));
    const over = "409 OverQuota: Quota exceeded for resources: ['router_route'].";
    assert.equal(refusalOf(it.change(it.id, { routes })), over);
    assert.equal(refusalOf(it.act(it.id, "add_extraroutes", { router: { routes } })), over);
    assert.equal(it.change(it.id, { routes: routes.slice(1) }).status, 200);
  });
});

describe("single routes", () => {
  test("are added to those that are there, and removed from them", () => {
    const it = routed();
    const act = (action: string, routes: readonly object[]) => shownIn(it.act(it.id, action, { router: { routes } }), "router")["routes"];
    assert.deepEqual(act("add_extraroutes", [TO_HOST, TO_OTHER]), [TO_HOST, TO_OTHER]);
    assert.deepEqual(act("remove_extraroutes", [TO_HOST, { ...TO_OTHER, nexthop: "10.0.0.99" }]), [TO_OTHER]);
    assert.deepEqual(act("remove_extraroutes", [TO_OTHER]), []);
    assert.deepEqual(act("remove_extraroutes", [TO_OTHER]), []);
  });

  test("that are there already change nothing", () => {
    const it = routed();
    const revision = () => shown(it, `routers/${it.id}`, "router")["revision_number"];
    const before = revision();
    it.act(it.id, "add_extraroutes", { router: { routes: [TO_HOST] } });
    assert.equal(revision(), before);
  });

  test("are all that is said", () => {
    const it = routed();
    const said = (body: unknown) => refusalOf(it.act(it.id, "add_extraroutes", body));
    assert.equal(said({}), "400 HTTPBadRequest: Unable to find 'router' in request body");
    for (const router of [{ name: "x" }, { name: "x", routes: [] }, { flavour: "x" }])
      assert.match(said({ router }), /^400 HTTPBadRequest/);
  });
});

describe("a next hop", () => {
  const by = (it: Site, id: string, nexthop: string) => it.change(id, { routes: [{ destination: "10.200.0.0/24", nexthop }] });

  test("that no traffic would pass is refused, whether it is a machine's or nobody's", () => {
    const it = site();
    const id = it.router();
    connect(it, id, it.own4);
    it.port(it.own, { fixed_ips: [{ ip_address: "10.0.0.50" }] });
    for (const nexthop of ["10.0.0.50", "10.0.0.51"])
      assert.equal(
        refusalOf(by(it, id, nexthop)),
        `400 InvalidRoutes: Invalid format for routes: [{'destination': '10.200.0.0/24', 'nexthop': '${nexthop}'}], nothing would pass by ${nexthop}, ` +
          "as all traffic is routed by its destination alone: a next hop is the gateway of its subnet or another router",
      );
  });

  test("may be the gateway of its subnet, and another router there", () => {
    const it = site();
    const [proper, beside] = [it.router({ external_gateway_info: { network_id: it.external } }), it.router()];
    connect(it, proper, it.own4);
    it.act(beside, "add_router_interface", { port_id: it.port(it.own, { fixed_ips: [{ ip_address: "10.0.0.7" }] }) });
    assert.equal(by(it, proper, "198.51.100.1").status, 200);
    assert.equal(by(it, proper, "10.0.0.7").status, 200);
    assert.equal(by(it, beside, "10.0.0.1").status, 200);
  });
});
