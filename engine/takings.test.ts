/** Addresses of pairs that VMs take over by a sign of life. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeSigns } from "#contracts/signs.fake.ts";
import type { Endpoint, PairClaim } from "#core/feed/item.ts";
import { compile } from "#core/intent/compile.ts";
import { route } from "#core/kinds/route.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { cidr, ip, mac, port, viewOf } from "#core/intent/tests/sample-view.ts";
import { arrivals } from "./arrivals.ts";

const [VIP, VMAC] = [ip("10.65.0.100"), mac("00:00:5e:00:01:01")];
const SELF = { host: "h1", role: "compute" } as const;

const claim = (more: Partial<PairClaim> = {}): PairClaim => ({ ip: VIP, macs: [VMAC], mac: VMAC, turn: 4, held: false, ...more });
const vm = (at: number, more: Partial<PairClaim> = {}, host = "h1") =>
  port(at, [`10.65.0.${at}`], { host, pairs: [{ prefix: cidr(`${VIP}/32`), mac: VMAC }], claims: [claim(more)] });

function host(...first: readonly Endpoint[]) {
  const [signs, changed] = [fakeSigns(), [] as string[]];
  let told = viewOf(first);
  const arriving = arrivals({ host: SELF.host, signs, heard: () => ({ view: told, revision: 7 }), changed: (id) => changed.push(id) });
  const tell = (...endpoints: readonly Endpoint[]) => {
    told = viewOf(endpoints);
    arriving.renew();
  };
  tell(...first);
  const intent = () => compile((arriving.known() ?? assert.fail()).view, SELF);
  const routes = () =>
    intent()
      .routes.map(({ value }) => route.show(value))
      .filter((line) => line.startsWith(VIP));
  const neighbours = () =>
    intent()
      .neighbours.map(({ value }) => neighbour.show(value))
      .filter((line) => line.includes(VIP));
  const sign = (of: Endpoint, by = VMAC) => signs.give({ kind: "garp", tap: of.tap, mac: by, ip: VIP });
  return { arriving, changed, tell, routes, neighbours, sign, taken: () => arriving.known()?.taken, intent };
}

test("a sign of life with it brings it here at once, before any other host's claim, and is told until the controller says the same", () => {
  const one = vm(1);
  const { changed, tell, routes, neighbours, sign, taken } = host(one);
  assert.deepEqual([routes(), taken()], [[], {}]);
  sign(one);
  sign(one);
  assert.deepEqual([changed, taken()], [[one.port_id], { [one.port_id]: [{ ip: VIP, mac: VMAC, turn: 4 }] }]);
  const led = [`${VIP}/32 dev ${one.tap} metric 1019`];
  assert.deepEqual(routes(), led);
  assert.equal(neighbours().length, 1);
  assert.match(neighbours()[0] ?? "", new RegExp(VMAC));
  tell(vm(1, { turn: 5, held: true }));
  assert.deepEqual([routes(), taken()], [led, {}]);
  sign(one);
  assert.deepEqual(taken(), {}, "it has it already");
  tell(vm(1, { turn: 6 }));
  assert.deepEqual([routes(), taken()], [[], {}], "somebody took it over");
});

test("of two VMs of one host the later has it", () => {
  const [one, other] = [vm(1, { held: true }), vm(2)];
  const { routes, sign, taken } = host(one, other);
  sign(other);
  assert.deepEqual([routes(), Object.keys(taken() ?? {})], [[`${VIP}/32 dev ${other.tap} metric 1019`], [other.port_id]]);
  sign(one);
  assert.deepEqual([routes(), Object.keys(taken() ?? {})], [[`${VIP}/32 dev ${one.tap} metric 1019`], [one.port_id]]);
});

test("the only one that claims it has it, and tells its first sign of life so that it keeps it when others come", () => {
  const one = vm(1, { turn: 0, held: true });
  const { routes, sign, taken } = host(one);
  assert.deepEqual(routes(), [`${VIP}/32 dev ${one.tap} metric 1024`]);
  sign(one);
  assert.deepEqual(Object.keys(taken() ?? {}), [one.port_id]);
});

test("only who claims it takes it, by a MAC of the pair and where its VM is", () => {
  const [one, elsewhere] = [vm(1), vm(2, {}, "h2")];
  const { sign, taken } = host(one, elsewhere, port(3, ["10.65.0.3"]));
  sign(one, one.mac);
  sign(elsewhere);
  sign(port(3, []));
  assert.deepEqual(taken(), {});
});

test("an agent that starts finds it in the routes of the one before it", () => {
  const one = vm(1);
  const before = host(one);
  before.sign(one);
  const left = before.intent().routes.map(({ value }) => value);
  const after = host(one);
  after.arriving.adopt(left);
  assert.deepEqual(after.taken(), before.taken());
});
