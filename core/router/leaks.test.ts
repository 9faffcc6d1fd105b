/** Leaks planted into the text of a gateway, in each platform's own words. Each has to be found; what the lists hold back is none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bird } from "./bird/bird.ts";
import { dataCenterOf } from "../intent/bgp-variants.ts";
import type { Variant } from "../intent/bgp-variants.ts";
import { routerConfigOf } from "./derive.ts";
import { VENDORS } from "./golden/examples.ts";
import type { RouterPlatform } from "../datacenter/data-center.ts";
import type { Claim } from "./proof/claim.ts";
import { prove } from "./proof/prove.ts";

const dc = dataCenterOf("guide");
const config = routerConfigOf(dc, "gw1") ?? assert.fail();

test("ports that are another size, or nobody's own, and a pool that anybody may answer to, are found on an SRX", () => {
  const junos = VENDORS.find(({ name }) => name === "junos") ?? assert.fail();
  const found = (variant: Variant, from: string | RegExp, to: string) => {
    const site = dataCenterOf(variant);
    const text = junos.render(routerConfigOf(site, "gw1") ?? assert.fail(), site).files[0]?.text ?? "";
    const changed = text.replace(from, to);
    assert.notEqual(changed, text);
    const claims = prove(site, () => junos, [{ name: "gw1", platform: junos, read: junos.read(changed) }]);
    return claims.filter(({ verdict }) => verdict !== "proven").flatMap(({ about, against }) => against.map((each) => `${about}: ${each}`));
  };
  assert.deepEqual(found("ports of each VM", "block-size 2048", "block-size 512"), ["translation: it gives each VM 512 ports of its own"]);
  assert.deepEqual(found("ports of each VM", /.*port deterministic.*\n/g, ""), ["translation: it gives VMs no ports of their own"]);
  assert.deepEqual(
    found("guide", /(.*)then source-nat pool PNAT\n/, "$&$1then source-nat pool PNAT persistent-nat permit any-remote-host\n"),
    ["translation: it lets anybody answer to a VM's port"],
  );
  assert.deepEqual(found("full cone, some not translated, logged", /.*EXCEPT-4.*\n/g, ""), [
    "translation: it translates towards 172.20.0.0/16 as well",
  ]);
});

/** One edit, or several: what is looked for, and what stands in its place. */
type Edits = readonly (readonly [from: string | RegExp, to: string])[];

interface Words {
  /** The list of what is announced takes in all that is longer, and the private range. */
  readonly widerList: Edits;
  /** The last word of the policy towards the provider is to accept. */
  readonly permitsAll: Edits;
  /** Nothing filters what the provider is told. */
  readonly noPolicy: Edits;
  /** The private range enters BGP as an own prefix, and the list knows it. */
  readonly ownPrefix: Edits;
  /** All static and connected routes enter, and go out. */
  readonly poured: Edits;
  /** They enter, and the list holds them back. */
  readonly heldBack: Edits;
  /** A line about routes in words that the reader does not know. */
  readonly strange: Edits;
}

const PLANTED: Readonly<Partial<Record<RouterPlatform, Words>>> = {
  junos: {
    widerList: [
      [/(route-filter-list ANNOUNCED-IPV4) 172.18.208.0\/24 exact/, "$1 10.0.0.0/8 orlonger"],
      [/.*TO-PROVIDER-IPV4 term aggregates from (protocol static|community announced)\n/g, ""],
    ],
    permitsAll: [[/(TO-PROVIDER-IPV4 term otherwise then) reject/, "$1 accept"]],
    noPolicy: [
      [/.*group PROVIDER export .*\n/, ""],
      [/.*defaults ebgp no-policy.*\n/g, ""],
    ],
    ownPrefix: [
      [/(static route 10.65.0.0\/16) no-readvertise/, "$1 community 64512:1"],
      [/(.*route-filter-list ANNOUNCED-IPV4) .*\n/, "$& $1 10.65.0.0/16 exact\n".replace("& ", "&")],
    ],
    poured: [
      [
        /(.*policy-statement TO-PROVIDER-IPV4 term) otherwise from family inet\n/,
        "$1 poured from protocol direct\n$1 poured then accept\n$&",
      ],
    ],
    heldBack: [
      [/(.*static route 172.18.208.0\/24) reject\n/, "$&set routing-options static route 192.168.100.0/24 next-hop 192.168.100.9\n"],
    ],
    strange: [[/(.*policy-statement REJECT).*\n/, "$&set routing-instances X instance-type vrf\n"]],
  },
  iosxe: {
    widerList: [
      [/(ip prefix-list ANNOUNCED-IPV4 seq 10 permit) .*/, "$1 10.0.0.0/8 le 32"],
      [/(route-map TO-PROVIDER-IPV4 permit 10\n.*\n.*\n) match community announced\n/, "$1"],
    ],
    permitsAll: [[/^router bgp/m, "route-map TO-PROVIDER-IPV4 permit 99\nrouter bgp"]],
    noPolicy: [
      [/.*route-map TO-PROVIDER-IPV4 out\n/, ""],
      [/ bgp safe-ebgp-policy\n/, ""],
    ],
    ownPrefix: [
      [/( {2}network) 172.18.208.0 .*\n/, "$&$1 10.65.0.0 mask 255.255.0.0 route-map OWN-announced\n"],
      [/(ip prefix-list ANNOUNCED-IPV4 seq) 10 .*\n/, "$&$1 20 permit 10.65.0.0/16\n"],
    ],
    poured: [
      [
        / {2}network 172.18.208.0 .*\n/,
        "$&  redistribute static route-map OWN-announced\n  redistribute connected route-map OWN-announced\n",
      ],
      [/(ip prefix-list ANNOUNCED-IPV4 seq) 10 .*\n/, "$&$1 20 permit 0.0.0.0/0 le 32\n"],
    ],
    heldBack: [[/ {2}network 172.18.208.0 .*\n/, "$&  redistribute static\n  redistribute connected\n"]],
    strange: [[/(ip prefix-list ANNOUNCED-IPV4) seq 10 .*\n/, "$1 seq 5 deny 172.18.208.0/25 le 32\n$&"]],
  },
  eos: {
    widerList: [
      [/(ip prefix-list ANNOUNCED-IPV4 seq 10 permit) .*/, "$1 10.0.0.0/8 le 32"],
      [/(route-map TO-PROVIDER-IPV4 permit 10\n.*\n.*\n) +match community announced\n/, "$1"],
    ],
    permitsAll: [[/^router bgp/m, "route-map TO-PROVIDER-IPV4 permit 99\nrouter bgp"]],
    noPolicy: [
      [/.*route-map TO-PROVIDER-IPV4 out\n/, ""],
      [/ +bgp missing-policy direction out action deny\n/, ""],
    ],
    ownPrefix: [
      [/( +network) 172.18.208.0\/24.*\n/, "$&$1 10.65.0.0/16 route-map OWN-announced\n"],
      [/(ip prefix-list ANNOUNCED-IPV4 seq) 10 .*\n/, "$&$1 20 permit 10.65.0.0/16\n"],
    ],
    poured: [
      [/( +)network 172.18.208.0\/24.*\n/, "$&$1redistribute static route-map OWN-announced\n"],
      [/(ip prefix-list ANNOUNCED-IPV4 seq) 10 .*\n/, "$&$1 20 permit 0.0.0.0/0 le 32\n"],
    ],
    heldBack: [[/( +)network 172.18.208.0\/24.*\n/, "$&$1redistribute static\n$1redistribute connected\n"]],
    strange: [[/ {3}neighbor PROVIDER remote-as .*\n/, "$&   neighbor PROVIDER default-originate always\n"]],
  },
  vyos: {
    widerList: [
      [/(set policy prefix-list ANNOUNCED-IPV4 rule 10) prefix .*/, "$1 prefix 10.0.0.0/8\n$1 le 32"],
      [/.*route-map TO-PROVIDER-IPV4 rule 10 match community.*\n/, ""],
    ],
    permitsAll: [[/(set policy route-map TO-PROVIDER-IPV4) rule 10 action permit\n/, "$&$1 rule 99 action permit\n"]],
    noPolicy: [
      [/.*route-map export TO-PROVIDER-IPV4\n/, ""],
      [/.*ebgp-requires-policy\n/, ""],
    ],
    ownPrefix: [
      [/(.*address-family ipv4-unicast network) .*\n/, "$&$1 10.65.0.0/16 route-map OWN-announced\n"],
      [/(.*prefix-list ANNOUNCED-IPV4 rule) 10 action permit\n/, "$&$1 20 action permit\n$1 20 prefix 10.65.0.0/16\n"],
    ],
    poured: [
      [/(.*address-family ipv4-unicast) network .*\n/, "$&$1 redistribute static route-map OWN-announced\n"],
      [/(.*prefix-list ANNOUNCED-IPV4 rule) 10 action permit\n/, "$&$1 20 action permit\n$1 20 prefix 0.0.0.0/0\n$1 20 le 32\n"],
    ],
    heldBack: [[/(.*address-family ipv4-unicast) network .*\n/, "$&$1 redistribute static\n$1 redistribute connected\n"]],
    strange: [[/(.*address-family ipv4-unicast) network .*\n/, "$&$1 redistribute ospf\n"]],
  },
  srlinux: {
    widerList: [[/(prefix-set ANNOUNCED-IPV4 prefix) .*/, "$1 10.0.0.0/8 mask-length-range 8..32"]],
    permitsAll: [[/(policy TO-PROVIDER-IPV4 default-action policy-result) reject/, "$1 accept"]],
    noPolicy: [
      [/.*export-policy \[ TO-PROVIDER-IPV4 \]\n/, ""],
      [/export-reject-all true/, "export-reject-all false"],
    ],
    ownPrefix: [[/(.*prefix-set ANNOUNCED-IPV4 prefix) .*\n/, "$&$1 10.65.0.0/16 mask-length-range exact\n"]],
    poured: [
      [
        /(.*policy TO-PROVIDER-IPV4 statement) aggregates match protocol static\n/,
        "$&$1 poured match protocol local\n$1 poured action policy-result accept\n",
      ],
    ],
    heldBack: [[/(.*static-routes) route 172.18.208.0\/24 .*\n/, "$&$1 route 192.168.200.0/24 next-hop-group DISCARD\n"]],
    strange: [[/(.*protocols) bgp admin-state enable\n/, "$&$1 bgp rib-management table ipv4-unicast route-table-import X\n"]],
  },
};

function proven(platform: (typeof VENDORS)[number], edits: Edits): readonly Claim[] {
  const text = edits.reduce(
    (before, [from, to]) => {
      const after = before.replace(from, to);
      assert.notEqual(after, before, `nothing to replace for ${from}`);
      return after;
    },
    platform.render(config, dc).files[0]?.text ?? "",
  );
  return prove(dc, () => bird, [{ name: "gw1", platform, read: platform.read(text) }]);
}

const outside = (claims: readonly Claim[]) => claims.filter(({ about, where }) => about === "exports" && where.includes("gw1 → provider"));
const refuted = (claims: readonly Claim[]) => claims.filter(({ verdict }) => verdict === "not proven");

for (const platform of VENDORS) {
  const words = PLANTED[platform.name] ?? assert.fail(platform.name);
  const leaks = (claims: readonly Claim[]) => refuted(outside(claims)).flatMap(({ against }) => against);

  test(`${platform.name}: as rendered, everything is proven`, () => {
    assert.deepEqual(refuted(proven(platform, [])), []);
  });

  for (const kind of ["widerList", "permitsAll", "noPolicy", "ownPrefix", "poured"] as const)
    test(`${platform.name}: a leak is found (${kind})`, () => {
      const found = leaks(proven(platform, words[kind])).join("\n");
      assert.match(found, kind === "poured" && platform.name !== "iosxe" ? /would pass as/ : /private range/, found);
    });

  test(`${platform.name}: what enters and is held back is no leak`, () => {
    const claims = outside(proven(platform, words.heldBack));
    assert.ok(claims.length > 0);
    assert.deepEqual(refuted(claims), []);
  });

  test(`${platform.name}: without an export policy alone, nothing is told (RFC 8212), which is missed`, () => {
    const [first] = words.noPolicy;
    const found = leaks(proven(platform, first === undefined ? [] : [first]));
    assert.deepEqual(found, ["172.18.208.0/24 would not be told"]);
  });

  test(`${platform.name}: what is not understood is told, and nothing is taken for proven`, () => {
    const claims = refuted(proven(platform, words.strange)).filter(({ about }) => about === "read");
    assert.equal(claims.length, 1);
    assert.match(claims[0]?.against[0] ?? "", /^line \d+: /);
  });
}
