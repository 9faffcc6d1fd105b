/** What of the cloud is judged, out of rows that the API has made. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decideApply } from "../../datacenter/apply.ts";
import { readDataCenter } from "../../datacenter/read.ts";
import { changed, SAMPLE } from "../../datacenter/sample.ts";
import { ADMIN, MEMBER, sandbox } from "../../neutron/sandbox.ts";
import type { Sandbox } from "../../neutron/sandbox.ts";
import { answerDoctor } from "../api.ts";
import { cloudFactsOf } from "../cloud-facts-of.ts";
import { examine } from "../examine.ts";
import { told } from "../facts.ts";

function applied(document: unknown = SAMPLE): Sandbox {
  const made = sandbox();
  const reading = readDataCenter(document);
  assert.ok(reading.ok);
  assert.ok(made.decide((cloud, fresh) => decideApply(cloud, { datacenter: reading.value, project: "p-admin" }, fresh)).ok);
  return made;
}

const factsOf = ({ cloud, time }: Sandbox) => cloudFactsOf(cloud, { now: time.now, said: () => undefined });

function verdictsOf(sandbox: Sandbox, ...only: readonly string[]) {
  const facts = factsOf(sandbox);
  assert.ok(facts.datacenter !== null);
  const found = examine({ center: told(facts.datacenter), cloud: told(facts), machines: [] }, { only });
  return found.map(({ id, verdict, findings }) => [id, verdict, ...findings.map(({ what }) => what)]);
}

test("just applied, the cloud is as declared", () => {
  const own = applied();
  const { datacenter, networks, subnets } = factsOf(own);
  assert.equal(datacenter?.name, "guide");
  assert.ok(!("made" in (datacenter ?? {})));
  assert.deepEqual([networks.map(({ name }) => name), subnets.length, factsOf(sandbox()).datacenter], [["external", "internal"], 4, null]);
  assert.deepEqual(
    verdictsOf(own, "A2", "A4", "A5", "N1", "N2", "N3", "N4", "N6").map(([, verdict]) => verdict),
    Array(8).fill("ok"),
  );
});

test("a range that retires is as declared, and no pool of it is empty; that nobody has an address of it is said", () => {
  const own = applied(changed([["ranges", "retiring"], { private: "10.64.0.0/16" }]));
  assert.deepEqual(verdictsOf(own, "A5", "N1"), [
    ["A5", "warning", "internal4-retiring retires, and nobody has an address of it: leave it out of ranges.retiring"],
    ["N1", "ok"],
  ]);
});

test("what administrators change by hand is found: a network, a quota, a group, a port", () => {
  const own = applied();
  const { networks } = own.ask(ADMIN, "GET", "networks?name=external").body as { networks: readonly { id: string }[] };
  const id = networks[0]?.id ?? "";
  own.ask(ADMIN, "PUT", `networks/${id}`, { network: { shared: false } });
  own.ask(ADMIN, "PUT", "quotas/p-member", { quota: { network: 5, port: 7 } });
  const group = own.ask(MEMBER, "POST", "security-groups", { security_group: { name: "web" } }).body as { security_group: { id: string } };
  const rule = {
    security_group_id: group.security_group.id,
    direction: "ingress",
    protocol: "tcp",
    port_range_min: 80,
    port_range_max: 80,
  };
  own.ask(MEMBER, "POST", "security-group-rules", { security_group_rule: rule });
  own.ask(MEMBER, "POST", "security-group-rules", {
    security_group_rule: { ...rule, protocol: "icmp", port_range_min: null, port_range_max: null },
  });
  own.ask(ADMIN, "POST", "ports", { port: { network_id: id, port_security_enabled: false, security_groups: [], name: "open" } });
  assert.deepEqual(verdictsOf(own, "N1", "N2", "N3"), [
    ["N1", "wrong", "external: shared is false, declared true"],
    ["N2", "wrong", "project p-member: network 5"],
    ["N3", "warning", "1 group let everybody in: web (1 rule, 0 ports)"],
  ]);
  assert.match(String(verdictsOf(own, "N4")[0]?.[2]), /^1 port: .* \(port security is off\)$/);
});

test("a released address rests, and is counted with those in use", () => {
  const own = applied();
  const { networks } = own.ask(ADMIN, "GET", "networks?name=internal").body as { networks: readonly { id: string }[] };
  const made = own.ask(ADMIN, "POST", "ports", { port: { network_id: networks[0]?.id } }).body as { port: { id: string } };
  const used = () => factsOf(own).subnets.find(({ name }) => name === "internal4");
  assert.deepEqual([used()?.used, used()?.resting], [1, 0]);
  own.ask(ADMIN, "DELETE", `ports/${made.port.id}`);
  assert.deepEqual([used()?.used, used()?.resting], [0, 1]);
  own.time.now = "2026-11-23T08:10:00Z";
  assert.equal(used()?.resting, 0);
});

test("only administrators are told", () => {
  const { cloud, time } = applied();
  const ask = (who: typeof ADMIN, method: string, path: readonly string[]) => {
    const answer = answerDoctor(cloud, { method, path, query: [], body: undefined, who, base: "", now: time.now }, () => undefined);
    return answer.kind === "read" ? answer.response.status : 0;
  };
  assert.deepEqual(
    [ask(ADMIN, "GET", ["doctor"]), ask(MEMBER, "GET", ["doctor"]), ask(ADMIN, "POST", ["doctor"]), ask(ADMIN, "GET", ["doctor", "x"])],
    [200, 403, 405, 404],
  );
});
