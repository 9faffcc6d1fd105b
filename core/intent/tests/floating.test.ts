/** What a host holds of floating IPs, and when it holds nothing of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Endpoint, Floating } from "../../feed/item.ts";
import { nft } from "../../kinds/nft.ts";
import type { NftElement } from "../../kinds/nft.ts";
import { route } from "../../kinds/route.ts";
import { compileCompute } from "../compute.ts";
import { floating } from "../floating.ts";
import { GUIDE, ip, port, uuid, viewOf } from "./sample-view.ts";

const [OWN, FLOATING] = ["10.65.0.11", "172.18.208.50"];
const WHOLE: Floating = { id: uuid("f1"), ip: ip(FLOATING), stands_for: ip(OWN), forwards: [] };
const SHARED: Floating = {
  id: uuid("f2"),
  ip: ip("172.18.208.51"),
  stands_for: null,
  forwards: [
    { protocol: "tcp", external: { first: 2222, last: 2222 }, to: ip(OWN), internal: { first: 22, last: 22 } },
    { protocol: "tcp", external: { first: 8000, last: 8010 }, to: ip("10.65.0.12"), internal: { first: 80, last: 80 } },
    { protocol: "udp", external: { first: 500, last: 600 }, to: ip(OWN), internal: { first: 500, last: 600 } },
    { protocol: "sctp", external: { first: 10, last: 12 }, to: ip(OWN), internal: { first: 20, last: 22 } },
  ],
};
const A = port(1, [OWN, "2001:db8:a41:3::11"], { floating: [WHOLE] });

const held = (endpoint: Endpoint, dc = GUIDE) => compileCompute(viewOf([endpoint], { datacenter: dc }), "h1");
const shown = (endpoint: Endpoint) => held(endpoint).nft.map(({ value }) => nft.show(value));
const elements = (endpoint: Endpoint, of: string) =>
  held(endpoint).nft.flatMap(({ value }) => (value.object === "element" && value.of === of ? [value] : []));
const pairs = (all: readonly NftElement[]) => all.map(({ element, value }) => `${element} : ${value ?? ""}`);

describe("a floating IP on its host", () => {
  test("is one way in, one way out, and one around the corner", () => {
    const [way, ...others] = elements(A, "floating4");
    assert.deepEqual(others, []);
    assert.equal(way?.element, FLOATING);
    const chain = (way?.value ?? "").replace("goto ", "");
    assert.ok(shown(A).includes(`inet chain ${chain} { counter dnat ip to ${OWN} }`));
    assert.deepEqual(pairs(elements(A, "leaving4")), [`${OWN} : ${FLOATING}`]);
    assert.deepEqual(pairs(elements(A, "hairpins4")), [`${OWN} . ${OWN} : `]);
  });

  test("is announced where and as the port is, once its translation stands", () => {
    const all = held(A).routes.filter(({ value }) => value.prefix === `${FLOATING}/32`);
    assert.deepEqual(
      all.map(({ value }) => route.show(value)),
      [`${FLOATING}/32 dev ${A.tap} metric 1024`],
    );
    assert.ok(all[0]?.value.after.includes(`nft/inet element floating4 ${FLOATING}`));
    assert.deepEqual(all[0]?.because, [`port/${A.port_id}`, `floatingip/${WHOLE.id}`]);
  });

  test("is translated nowhere while its port is down, or its VM elsewhere", () => {
    for (const idle of [
      { ...A, admin_state_up: false },
      { ...A, host: "h2" },
    ]) {
      for (const name of ["floating4", "leaving4", "hairpins4"]) assert.deepEqual(elements(idle, name), [], name);
      assert.equal(
        held(idle).routes.some(({ value }) => value.prefix === `${FLOATING}/32`),
        false,
      );
    }
  });

  test("what leaves for the data centre's own addresses is not translated", () => {
    const rule = held(A)
      .nft.flatMap(({ value }) => (value.object === "chain" && value.name === "from-floating" ? value.rules : []))
      .at(-1);
    const { public: outward, private: inward } = GUIDE.ranges;
    for (const range of [outward, inward, GUIDE.fabric.ipv4]) assert.ok(rule?.includes(` ${String(range)}`), String(range));
    assert.match(rule ?? "", /^ip daddr != \{ .* \} snat ip to ip saddr map @leaving4$/);
  });

  test("of several, the first is what the address leaves with", () => {
    const second = { ...WHOLE, id: uuid("f3"), ip: ip("172.18.208.99") };
    const both = { ...A, floating: [WHOLE, second] };
    assert.equal(elements(both, "floating4").length, 2);
    assert.deepEqual(pairs(elements(both, "leaving4")), [`${OWN} : ${FLOATING}`]);
    assert.equal(elements(both, "hairpins4").length, 1);
    assert.equal(new Set(elements(both, "floating4").map(({ value }) => value)).size, 1, "the same words are the same chain");
  });

  test("in IPv6 is the same in IPv6's words, and what is of one family only asks nothing of the other's packets", () => {
    const [own, outward] = ["2001:db8:a41:3::11", "2001:db8:a41:2::50"];
    const six: Floating = { id: uuid("f6"), ip: ip(outward), stands_for: ip(own), forwards: [] };
    const endpoint = { ...A, floating: [six] };
    assert.deepEqual(pairs(elements(endpoint, "leaving6")), [`${own} : ${outward}`]);
    assert.deepEqual(pairs(elements(endpoint, "hairpins6")), [`${own} . ${own} : `]);
    assert.ok(shown(endpoint).some((text) => text.endsWith(`{ counter dnat ip6 to ${own} }`)));
    assert.ok(shown(endpoint).some((text) => text.includes("ip6 daddr != { 2001:db8:a41:2::/63, 2001:db8:a41:f::/64 } snat ip6")));
    assert.equal(
      shown(endpoint).some((text) => text.includes("@floating4")),
      false,
    );
  });

  test("is nothing to a host without one", () => {
    assert.deepEqual(floating(GUIDE, [{ ...A, floating: [] }]), []);
  });
});

test("port forwardings are rules of one chain; other ports end there", () => {
  const endpoint = { ...A, floating: [SHARED] };
  const [way] = elements(endpoint, "floating4");
  const rules = [
    `tcp dport 2222 counter dnat ip to ${OWN}:22`,
    "tcp dport 8000-8010 counter dnat ip to 10.65.0.12:80",
    `udp dport 500-600 counter dnat ip to ${OWN}`,
    `sctp dport 10-12 counter dnat ip to ${OWN}:sctp dport map { 10 : 20, 11 : 21, 12 : 22 }`,
    "goto refused-forward",
  ];
  assert.ok(shown(endpoint).includes(`inet chain ${(way?.value ?? "").replace("goto ", "")} { ${rules.join("; ")} }`));
  assert.deepEqual(elements(endpoint, "leaving4"), []);
  assert.deepEqual(pairs(elements(endpoint, "hairpins4")), [`${OWN} . ${OWN} : `]);
});
