import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { alive } from "../feed/status.ts";
import { ADMIN, allIn, MEMBER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

let cloud: Sandbox;
beforeEach(() => {
  cloud = sandbox();
});

const zones = (query = "") => allIn(cloud.ask(MEMBER, "GET", `availability_zones?${query}`), "availability_zones");
const hears = (host: string, role: "compute" | "gateway") => cloud.decide(alive({ op: "hello", host, role, started_at: cloud.time.now }));
const make = (kind: "network" | "router", said: Fields = {}) => cloud.ask(MEMBER, "POST", `${kind}s`, { [kind]: said });

test("there is a zone of networks and of routers where there are hosts with VMs, available while one of them is", () => {
  assert.deepEqual(zones(), []);
  hears("gw1", "gateway");
  assert.deepEqual(zones(), []);
  hears("h1", "compute");
  const zone = (resource: string, state: string) => ({ name: "nova", resource, state });
  assert.deepEqual(zones(), [zone("network", "available"), zone("router", "available")]);
  assert.deepEqual(zones("resource=router&fields=name"), [{ name: "nova" }]);
  assert.deepEqual(zones("state=unavailable"), []);
  cloud.time.now = "2026-11-23T09:00:00Z";
  assert.deepEqual(zones("resource=network"), [zone("network", "unavailable")]);
  assert.match(refusalOf(cloud.ask(MEMBER, "GET", "availability_zones?colour=blue")), /^400 HTTPBadRequest/);
  assert.match(refusalOf(cloud.ask(MEMBER, "GET", "availability_zones/nova")), /^404 HTTPNotFound/);
  assert.match(refusalOf(cloud.ask(ADMIN, "POST", "availability_zones", {})), /^405 /);
  assert.deepEqual(
    allIn(cloud.ask({ ...MEMBER, roles: [] }, "GET", "availability_zones"), "availability_zones"),
    [],
    "for those with a role",
  );
});

test("networks and routers are in every zone there is, and hints name zones that there are", () => {
  for (const kind of ["network", "router"] as const) {
    assert.deepEqual(shownIn(make(kind), kind)["availability_zones"], []);
    assert.equal(
      refusalOf(make(kind, { availability_zone_hints: ["nova"] })),
      "404 AvailabilityZoneNotFound: AvailabilityZone nova could not be found.",
    );
  }
  hears("h1", "compute");
  for (const kind of ["network", "router"] as const) {
    const { availability_zones: all, availability_zone_hints: hints } = shownIn(make(kind, { availability_zone_hints: ["nova"] }), kind);
    assert.deepEqual([all, hints], [["nova"], ["nova"]]);
    assert.match(refusalOf(make(kind, { availability_zone_hints: ["nova", "elsewhere"] })), /^404 AvailabilityZoneNotFound: .* elsewhere/);
  }
});

test("routers have one provider", () => {
  const providers = (query = "") => allIn(cloud.ask(MEMBER, "GET", `service-providers?${query}`), "service_providers");
  assert.deepEqual(providers(), [{ service_type: "L3_ROUTER_NAT", name: "margay", default: true }]);
  assert.deepEqual(providers("service_type=VPN"), []);
});
