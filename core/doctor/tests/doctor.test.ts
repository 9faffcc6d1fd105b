/** Every check: what breaks it is found by it, and by nobody else; what is not known is not called well. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CHECKS } from "../checks.ts";
import { examine, fixesIn } from "../examine.ts";
import { silent, unasked } from "../facts.ts";
import type { Facts } from "../facts.ts";
import { judgedBy } from "../proof.ts";
import { sysctls } from "./breaks.ts";
import type { FactName } from "./breaks.ts";
import { GATEWAY_CASES } from "./gateway-cases.ts";
import { HOST_CASES } from "./host-cases.ts";
import { NEUTRON_CASES } from "./neutron-cases.ts";
import { PLAN_CASES } from "./plan-cases.ts";
import { ROUTING_CASES } from "./routing-cases.ts";
import { centerOf, WELL, wellFacts } from "./well.ts";

const CASES = [...PLAN_CASES, ...ROUTING_CASES, ...GATEWAY_CASES, ...HOST_CASES, ...NEUTRON_CASES];

/** A search over all policies of another file takes its time; it has tests of its own. */
const PROVEN = ["R1", "R3", "R4", "R6", "R11", "R15", "G2"];
const withoutProof = (own: string) => CHECKS.map(({ id }) => id).filter((id) => id === own || !PROVEN.includes(id));

const isWell = ({ center }: Facts) => center.known && center.value === centerOf(WELL);
const WELL_VERDICTS = new Map(examine(wellFacts()).map(({ id, verdict }) => [id, verdict]));

test("where all is well, all is ok, but for what two gateways that translate cannot help", () => {
  assert.deepEqual(
    [...WELL_VERDICTS].filter(([, verdict]) => verdict !== "ok"),
    [["R19", "warning"]],
  );
  const alone = examine(wellFacts({ ...WELL, gateways: [WELL.gateways[0]] }), { only: ["R19"] });
  assert.equal(alone[0]?.verdict, "ok");
});

for (const { id, when, broken, says, verdict = "wrong", also = [] } of CASES)
  test(`${id}: ${when}`, () => {
    const facts = broken(wellFacts());
    const found = examine(facts, { only: isWell(facts) ? undefined : withoutProof(id) });
    const own = found.find((one) => one.id === id) ?? assert.fail(`no check ${id}`);
    assert.match(own.findings.map(({ where, what }) => `${where}: ${what}`).join("\n"), says);
    assert.equal(own.verdict, verdict);
    const others = found.filter((one) => one.id !== id && one.verdict !== WELL_VERDICTS.get(one.id));
    assert.deepEqual(
      others.map((other) => other.id),
      also,
      JSON.stringify(others.map(({ findings }) => findings)),
    );
  });

test("every check has something that breaks it", () => {
  const tried = new Set(CASES.map(({ id }) => id));
  assert.deepEqual(
    CHECKS.map(({ id }) => id).filter((id) => !tried.has(id)),
    [],
  );
});

test("ids are one check's each, and there is a remedy for each", () => {
  assert.equal(new Set(CHECKS.map(({ id }) => id)).size, CHECKS.length);
  for (const { id, remedy, title, looks } of CHECKS) assert.ok(remedy.length > 20 && title.length > 10 && looks.length > 0, id);
});

test("what is not known is never called ok: with no fact at all, no check is", () => {
  const { machines } = wellFacts();
  const nothing: Facts = {
    center: silent("no file"),
    cloud: silent("no controller"),
    machines: machines.map(({ name, role }) => unasked(name, role, "cannot be asked")),
  };
  assert.equal(examine(nothing).length, CHECKS.length);
  assert.deepEqual(
    examine({ ...nothing, machines: [] }).filter(({ verdict }) => verdict !== "unknown"),
    [],
  );
  for (const { id, verdict, unknown } of examine(nothing)) assert.ok(verdict === "unknown" && unknown.length > 0, id);
});

test("what is not known is never called ok: each fact by itself", () => {
  const names = Object.keys(unasked("x", "compute", "")).filter((name) => name !== "name" && name !== "role") as FactName[];
  for (const fact of names) {
    const facts = wellFacts();
    const blind = { ...facts, machines: facts.machines.map((machine) => ({ ...machine, [fact]: silent(`no ${fact}`) })) };
    const changed = examine(blind).filter(({ id, verdict }) => verdict !== WELL_VERDICTS.get(id));
    assert.ok(changed.length > 0, `no check needs ${fact}`);
    for (const { id, verdict, unknown } of changed) {
      assert.equal(verdict, "unknown", `${id} without ${fact}`);
      assert.ok(unknown.every(({ why }) => why === `no ${fact}`));
    }
  }
});

test("one machine that cannot be asked makes unknown what it should have said", () => {
  const facts = wellFacts();
  const machines = facts.machines.map((machine) => (machine.name === "gw2" ? unasked("gw2", "gateway", "it is down") : machine));
  const [r1] = examine({ ...facts, machines }, { only: ["R1"] });
  assert.deepEqual([r1?.verdict, r1?.unknown], ["unknown", [{ where: "gw2", why: "it is down" }]]);
});

test("what is safe to do is told once, with the place and the value; commands are for people", () => {
  const broken = sysctls("h1", { "net/ipv4/conf/fab0/rp_filter": "1", "net/ipv4/conf/all/route_localnet": "1" })(wellFacts());
  assert.deepEqual(fixesIn(examine(broken)), [
    { check: "H1", where: "h1", fix: { how: "sysctl", path: "net/ipv4/conf/fab0/rp_filter", value: "0" } },
    { check: "H8", where: "h1", fix: { how: "command", command: "sysctl -w net.ipv4.conf.all.route_localnet=0" } },
  ]);
});

test("what is not proven of the plan is wrong, with what speaks against it; of what nobody claims nothing is said", () => {
  const claim = { about: "exports", where: "gw1 → provider of gw1, IPv4", claim: "tells exactly 62.2.2.0/24", evidence: "" };
  const leak = { ...claim, verdict: "not proven", against: ["10.65.0.0/24 passes"] } as const;
  const judged = judgedBy([{ ...claim, verdict: "proven", against: [] }, leak], ["exports"]);
  assert.deepEqual(judged.known && judged.value?.findings, [
    { verdict: "wrong", what: "gw1 → provider of gw1, IPv4: not proven: tells exactly 62.2.2.0/24: 10.65.0.0/24 passes" },
  ]);
  assert.deepEqual(judgedBy([leak], ["imports"]), { known: true, value: undefined });
  assert.equal(judgedBy([leak, { ...leak, about: "read" }], ["exports"]).known, false);
});

test("of one machine, what is seen there is told, and nothing of others", () => {
  const found = examine(sysctls("h1", { "net/ipv4/ip_forward": "0" })(wellFacts()), { machine: "h1" });
  assert.deepEqual(
    found.filter(({ verdict }) => verdict !== "ok").map(({ id }) => id),
    ["H2"],
  );
  assert.ok(found.every(({ seen }) => seen.every(({ where }) => where === "h1")));
  assert.ok(!found.some(({ id }) => id === "G3" || id === "N2"));
});
