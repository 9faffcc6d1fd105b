/** What of metadata stands on a host, whether somebody answers there or not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { address } from "../../kinds/address.ts";
import { link } from "../../kinds/link.ts";
import { nft } from "../../kinds/nft.ts";
import { compileCompute } from "../compute.ts";
import { GUIDE, port, viewOf } from "./sample-view.ts";

const held = (endpoints: Parameters<typeof viewOf>[0], dc = GUIDE) => {
  const intent = compileCompute(viewOf(endpoints, { datacenter: dc }), "h1");
  return {
    links: intent.links.map(({ value }) => link.show(value)).filter((line) => line.startsWith("margay-meta")),
    addresses: intent.addresses.map(({ value }) => address.show(value)),
    callers: intent.nft.map(({ value }) => nft.show(value)).filter((line) => line.startsWith("inet callers {")),
  };
};

test("a served port asks by its own IPv4 addresses alone, each from its tap; by IPv6 every served tap answers", () => {
  const pairs = [{ prefix: "10.65.0.9/32", mac: "fa:16:3e:00:00:01" }] as never;
  const open = port(1, ["10.65.0.5", "10.65.0.6", "2001:db8:a41:3::5"], { pairs, port_security: false, groups: [] });
  const closed = port(2, ["10.65.0.7"], { admin_state_up: false });
  assert.deepEqual(held([open, closed]), {
    links: ["margay-meta 169.254.169.254/32 fd6d:6172:6761:79::a9fe:a9fe/128"],
    addresses: ["fe80::a9fe:a9fe dev tap00000001-aa"],
    callers: ['inet callers { "tap00000001-aa" . 10.65.0.5 }', 'inet callers { "tap00000001-aa" . 10.65.0.6 }'],
  });
});

test("a data centre without IPv6 has none here either, and a host without ports is ready for them", () => {
  const { ipv6: _, ...ranges } = GUIDE.ranges;
  assert.deepEqual(held([port(1, ["10.65.0.5"])], { ...GUIDE, ranges }).addresses, []);
  assert.deepEqual(held([], { ...GUIDE, ranges }), { links: ["margay-meta 169.254.169.254/32"], addresses: [], callers: [] });
});
