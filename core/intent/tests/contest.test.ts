/** Two endpoints that claim one tap or one address: one of them has it, whoever comes first, and the other is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../feed/item.ts";
import { compileCompute } from "../compute.ts";
import { settle, settledView } from "../contest.ts";
import { ip, port, uuid, viewOf } from "./sample-view.ts";

const lost = (endpoints: readonly Endpoint[]) =>
  [...settle(endpoints, "h1").contests].flatMap(([claimant, contests]) => contests.map(({ ref, reason }) => [claimant, ref, reason]));
const tapsOf = (endpoints: readonly Endpoint[]) => settle(endpoints, "h1").endpoints.map(({ tap }) => tap);

const A = port(1, ["10.65.0.11", "2001:db8:a41:3::11"]);
const B = port(2, ["10.65.0.11", "2001:db8:a41:3::12"]);

test("where nothing is contested, everything is as it was told", () => {
  const [one, other] = [A, port(2, ["10.65.0.12"])];
  const { endpoints, contests } = settle([other, one], "h1");
  assert.deepEqual([endpoints[0] === one, endpoints[1] === other, contests.size], [true, true, 0]);
  const view = viewOf([one, other]);
  assert.equal(settledView(view, "h1"), view);
});

test("one address is one endpoint's, in whatever order they are heard of, and the other keeps what is its own", () => {
  for (const heard of [
    [A, B],
    [B, A],
  ]) {
    assert.deepEqual(lost(heard), [[B.port_id, `address/10.65.0.11 of port ${B.port_id}`, `port/${A.port_id} has it on this host`]]);
    const [, second] = settle(heard, "h1").endpoints;
    assert.deepEqual(
      second?.addresses.map(({ ip: own }) => own),
      [ip("2001:db8:a41:3::12")],
    );
  }
});

test("who is served here goes before who is expected, and who is up before who is down", () => {
  const [lostBy] = lost([{ ...A, host: "h2" }, B]);
  assert.equal(lostBy?.[0], A.port_id);
  assert.deepEqual(lost([{ ...A, admin_state_up: false }, B]), [], "who is down has no address here");
});

test("of two with one tap, the other has no part in it", () => {
  const twin = { ...port(2, ["10.65.0.12"]), tap: A.tap };
  assert.deepEqual(tapsOf([twin, A]), [A.tap]);
  assert.deepEqual(lost([twin, A]), [[twin.port_id, `tap/${A.tap} of port ${twin.port_id}`, `port/${A.port_id} has it on this host`]]);
  const { nft, routes, contests } = compileCompute(viewOf([twin, A]), "h1");
  const mine = [...nft, ...routes].filter(({ because }) => because.includes(`port/${twin.port_id}`));
  assert.deepEqual(mine, []);
  assert.deepEqual(
    contests.flatMap(({ because }) => because),
    [`port/${twin.port_id}`],
  );
});

test("a host holds nothing for the one that goes without: no route, no neighbour, no right to send from it", () => {
  const { routes, neighbours, nft, files } = compileCompute(viewOf([A, B]), "h1");
  const routesThere = routes.filter(({ value }) => value.prefix === "10.65.0.11/32");
  assert.deepEqual(
    routesThere.map(({ value }) => value.to),
    [{ dev: A.tap }],
  );
  assert.equal(
    neighbours.some(({ value }) => value.dev === B.tap && value.ip === "10.65.0.11"),
    false,
  );
  const texts = [...nft.map(({ value }) => JSON.stringify(value)), ...files.flatMap(({ value }) => value.content.split("\n"))];
  assert.deepEqual(
    texts.filter((text) => text.includes("10.65.0.11") && (text.includes(B.tap) || text.includes(B.mac))),
    [],
  );
});

test("a floating IP goes after who has it as his own, and leads to nobody's address but its port's", () => {
  const leading = (own: string, floating: string) => [{ id: uuid("fip"), ip: ip(floating), stands_for: ip(own), forwards: [] }];
  const floats = { ...port(1, ["10.65.0.21"]), floating: leading("10.65.0.21", "172.18.208.9") };
  const owns = port(2, ["172.18.208.9"]);
  assert.deepEqual(
    settle([floats, owns], "h1").endpoints.map(({ floating }) => floating.length),
    [0, 0],
  );
  const bereft = { ...port(3, ["10.65.0.21"]), floating: leading("10.65.0.21", "172.18.208.10") };
  assert.deepEqual(settle([port(1, ["10.65.0.21"]), bereft], "h1").endpoints[1]?.floating, []);
});
