/** What a kernel that can offload flows is given beyond any other, who takes the slow path, and that nobody waits for any of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Endpoint, View } from "../../feed/item.ts";
import type { Kind, Wanted } from "../../kinds/kind.ts";
import { lineOf, refOf } from "../../kinds/kind.ts";
import { nft } from "../../kinds/nft.ts";
import { offload } from "../../kinds/offload.ts";
import { route } from "../../kinds/route.ts";
import { compile } from "../compile.ts";
import { compileCompute, computeParts } from "../compute.ts";
import type { Intent } from "../intent.ts";
import { group, OPEN, port, rule, uuid, viewOf } from "./sample-view.ts";

const ABLE = { offload: true };
const [A, B] = [port(1, ["10.65.0.5"]), port(2, ["10.65.0.6", "2001:db8:a41:3::6"])];
const able = (...endpoints: readonly Endpoint[]) => compileCompute(viewOf(endpoints), "h1", ABLE);
const slowIn = ({ nft: all }: Intent) =>
  all.flatMap(({ value }) => (value.object === "element" && value.of === "slow-path" ? [value.element] : []));
const lines = <V>(kind: Kind<V>, wanted: readonly Wanted<V>[]) => wanted.map(({ value }) => lineOf(kind, value));

test("a host whose kernel cannot offload flows is given nothing that speaks of it", () => {
  const view = viewOf([A, { ...B, limits: [{ direction: "egress", unit: "bytes", per_second: 1000, burst: 1000 }] }]);
  assert.deepEqual(compile(view, { host: "h1", role: "compute" }), compileCompute(view, "h1", { offload: false }));
  const { offloads, nft: filter } = compileCompute(view, "h1");
  assert.deepEqual(offloads, []);
  assert.doesNotMatch(lines(nft, filter).join("\n"), /flow add|flowtable|fast-path|slow-path/);
});

test("one whose kernel can holds the same, and a flowtable on its taps and its fabric, to which established flows are led first", () => {
  const view = viewOf([A, B]);
  const [plain, more] = [compileCompute(view, "h1"), compileCompute(view, "h1", ABLE)];
  const withoutOffload = ({ offloads: _offloads, nft: _nft, routes: _routes, ...rest }: Intent) => rest;
  assert.deepEqual(withoutOffload(more), withoutOffload(plain));
  assert.deepEqual(lines(offload, more.offloads), ["offload fab0", `offload ${A.tap}`, `offload ${B.tap}`]);
  const before = new Set(lines(nft, plain.nft));
  const forward = "ct state established ct mark 0 meta l4proto vmap @fast-path; ";
  assert.deepEqual(
    lines(nft, more.nft).filter((line) => !before.has(line.replace(forward, ""))),
    [
      "nft inet map fast-path { type inet_proto : verdict; }",
      "nft inet set slow-path { type ifname; }",
      "nft inet flowtable fast { hook ingress priority 0; }",
      `nft inet chain fast-path { ${["ip saddr @sources4", "ip6 saddr @sources6"]
        .map((own) => `iifname != @slow-path oifname != @slow-path iifname . ether saddr . ${own} flow add @fast`)
        .join("; ")} }`,
      "nft inet fast-path { 6 : jump fast-path }",
      "nft inet fast-path { 17 : jump fast-path }",
    ],
  );
  const [first] = more.nft.flatMap(({ value }) => (value.object === "chain" && value.name === "forward" ? [value.rules[0]] : []));
  assert.equal(`${first}; `, forward);
});

test("no endpoint waits for a flowtable, nor for its tap to be on the list, and a port is blamed for neither", () => {
  const { routes, offloads, nft: filter } = able(A, B);
  const needed = new Set(routes.flatMap(({ value }) => route.needs(value)));
  assert.ok(needed.has("nft/inet map fast-path"), "rules refer to it");
  for (const { value, because } of filter.filter(({ value: each }) => / fast(-path \d+)?$|chain fast-path$/.test(nft.key(each)))) {
    assert.ok(!needed.has(refOf(nft, value)), nft.key(value));
    assert.deepEqual(because, ["datacenter/this"]);
  }
  assert.ok([...needed].every((ref) => !ref.startsWith("offload/")));
  assert.ok(offloads.every(({ because }) => because.every((cause) => !cause.startsWith("port/"))));
  assert.deepEqual(offload.needs(offloads[1]?.value ?? assert.fail()), [`link/${A.tap}`, "nft/inet flowtable fast"]);
});

describe("packets are seen one by one", () => {
  const stateless = (endpoint: Endpoint): View =>
    viewOf([endpoint, B], { with: [{ ...group("less", [rule("egress", 4)]), stateful: false }, OPEN] });
  const cases: Readonly<Record<string, View>> = {
    "of a port with a limit": viewOf([{ ...A, limits: [{ direction: "ingress", unit: "packets", per_second: 10, burst: 10 }] }, B]),
    "of a VM that is on its way from another host": viewOf([{ ...A, host: "h2" }, B]),
    "of a stateless port": stateless({ ...A, groups: [uuid("less")] }),
  };
  for (const [who, view] of Object.entries(cases))
    test(`${who}, and of no other, and it waits until they are`, () => {
      const intent = compileCompute(view, "h1", ABLE);
      assert.deepEqual(slowIn(intent), [`"${A.tap}"`]);
      const own = intent.routes.filter(({ because }) => because.includes(`port/${A.port_id}`));
      assert.ok(own.length > 0);
      for (const { value } of own) assert.ok(route.needs(value).includes(`nft/inet element slow-path "${A.tap}"`));
    });

  test("of no VM that has come to stay, however often it moved", () => assert.deepEqual(slowIn(able({ ...A, moves: 3 }, B)), []));
});

test("a tap on the list stays the very part that it was while others come and go", () => {
  const view = viewOf([A, B]);
  const [one, other] = [computeParts(view, "h1", ABLE), computeParts({ ...view, endpoints: new Map([[A.port_id, A]]) }, "h1", ABLE)];
  const partOf = (parts: typeof one) => parts.find(({ offloads }) => offloads?.some(({ value }) => value.dev === A.tap));
  assert.equal(partOf(one), partOf(other));
});
