/** What passes a Linux gateway is proven from its nftables as text; and each hole that somebody makes in them is found. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dataCenterOf, VARIANTS } from "../../intent/bgp-variants.ts";
import type { Variant } from "../../intent/bgp-variants.ts";
import { besideOnLinux } from "../linux.ts";
import { readRules } from "../nft/read.ts";
import type { Claim } from "./claim.ts";
import { filterClaims } from "./filter.ts";

function rulesOf(variant: Variant, gateway = "gw1"): string {
  const files = besideOnLinux(dataCenterOf(variant), { name: gateway, role: "gateway" });
  return files.find(({ name }) => name.endsWith(".nft"))?.text ?? assert.fail();
}

function claimsOf(variant: Variant, text: string, name = "gw1"): readonly Claim[] {
  const dc = dataCenterOf(variant);
  const gateway = dc.gateways.find((each) => each.name === name) ?? assert.fail();
  return filterClaims({ dc, gateway, rules: readRules(text) });
}

const open = (claims: readonly Claim[]) => claims.filter(({ verdict }) => verdict === "not proven");

for (const variant of VARIANTS)
  test(`"${variant}": what is rendered for each gateway is proven`, () => {
    for (const { name } of dataCenterOf(variant).gateways) {
      const claims = claimsOf(variant, rulesOf(variant, name), name);
      assert.deepEqual(open(claims), []);
      for (const { evidence } of claims.slice(1, 2)) assert.ok(Number.parseInt(evidence, 10) > 1000, evidence);
    }
  });

/** The text with one place changed, which must be there; and what is open then. */
function planted(from: string | RegExp, to: string, variant: Variant = "guide"): string {
  const text = rulesOf(variant);
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, `nothing to change: ${String(from)}`);
  return open(claimsOf(variant, changed))
    .flatMap(({ where, against }) => against.map((each) => `${where}: ${each}`))
    .join("\n");
}

describe("what was planted is found:", () => {
  test("without the last look, a flow that conntrack knows leaves as it is", () => {
    const found = planted(/(chain leak \{\n.*\n)/, "$1    accept\n");
    assert.match(found, /gw1 → wan0: 10\.65\.0\.0 → .*, established, by fab0, to wan0, TCP \(and \d+ more\): may leave from an address/);
    assert.equal(planted(/ +ip saddr 10\.65\.0\.0\/16 counter drop\n/, ""), "", "what else is not known is dropped there all the same");
  });
  test("an address of the private range among those that the outside knows", () => {
    assert.match(planted(/(chain leak \{\n.*\n)/, "$1    ip saddr 10.65.7.0/24 accept\n"), /10\.65\.7\.0 → .*established/);
  });
  test("another priority, behind which addresses may still change", () => {
    assert.match(planted(/priority srcnat \+ 10/, "priority srcnat - 10"), /new flows|gw1: .*new.*(dropped|untranslated)/);
  });
  test("a part of the range that is not translated, or another range that is", () => {
    assert.match(
      planted(/ip saddr 10\.65\.0\.0\/16 ip daddr (!= \{[^}]*\} snat)/, "ip saddr 10.65.0.0/17 ip daddr $1"),
      /10\.65\.128\.0 → .*new/,
    );
    assert.match(planted(/(ip daddr != \{ )172\.18\.208\.0\/24, /g, "$1"), /172\.18\.208\.0.*is translated, though it is our own/);
  });
  test("a pool of which some is missing, or that is another's", () => {
    assert.match(planted("snat ip to 198.51.100.8-198.51.100.11", "snat ip to 198.51.100.8-198.51.100.10"), /does not have the whole pool/);
    assert.match(
      planted("snat ip to 198.51.100.8-198.51.100.11", "snat ip to 198.51.100.8-198.51.100.99"),
      /10\.65\.0\.0 → .*new, by fab0.*may leave from an address/,
    );
  });
  test("ports that are another VM's, and an address that is shared otherwise", () => {
    assert.match(planted(/: 3072-5119/, ": 1024-3071", "ports of each VM"), /10\.65\.0\.1 → .*TCP.*does not have the ports 3072-5119/);
    assert.match(planted(/(block-2 \{\n.*10\.65\.0\.0\/28 : )198\.51\.100\.8/, "$1198.51.100.9", "ports of each VM"), /shares an address/);
    assert.match(
      planted(/0\.0\.0\.3 : goto block-3/, "0.0.0.3 : goto block-4", "ports of each VM"),
      /10\.65\.0\.3 → .*does not have the ports/,
    );
    assert.match(planted(/, 0\.0\.0\.15 : goto block-15/, "", "ports of each VM"), /10\.65\.0\.15 → .*may be dropped/);
  });
  test("a way in to private addresses", () => {
    assert.equal(planted(/.*iifname "wan0" ip daddr 10\.65\.0\.0\/16 counter drop\n/, ""), "", "the chain drops what it does not name");
    const opened = planted(/( +)ct state invalid counter drop\n/, '$1iifname "wan0" ip daddr 10.65.9.0/24 accept\n');
    assert.match(opened, /gw1 ← wan0: .* → 10\.65\.9\.0, .*untracked.*reaches a private address/);
  });
  test("our own addresses believed of the outside", () => {
    assert.match(
      planted(/.*iifname "wan0" ip saddr .* counter drop\n/, ""),
      /10\.65\.0\.0 → 172\.18\.208\.0, untracked.*is believed, though the address is our own/,
    );
  });
  test("what is announced, tracked: a flow of which this gateway sees one half is dropped", () => {
    assert.match(planted(/(chain raw-prerouting \{[^}]*(\{[^}]*\}[^}]*)*)notrack/, "$1accept"), /gw1: .*invalid.*may not pass as it is/);
  });
  test("prefixes that see private addresses, shut out or with a gap", () => {
    const variant = "full cone, some not translated, logged";
    assert.match(
      planted(/ip daddr \{ 172\.20\.0\.0\/16 \} accept/, "ip daddr { 172.20.0.0/17 } accept", variant),
      /→ 172\.20\.128\.0.*may not pass/,
    );
    assert.match(
      planted(/ip daddr \{ 172\.20\.0\.0\/16 \} accept\n    ip saddr 10/, "ip daddr { 172.16.0.0/12 } accept\n    ip saddr 10", variant),
      /may leave from/,
    );
  });
  test("a destination that nobody declared to be anybody's", () => {
    const text = planted(
      /( {2}chain leak)/,
      '  chain more {\n    type nat hook prerouting priority dstnat; policy accept;\n    iifname "wan0" tcp dport 22 dnat ip to 10.65.0.7\n  }\n$1',
    );
    assert.match(text, /is led to wherever a rule says/);
  });
  test("a rule that is not understood, and a chain that is not there", () => {
    assert.match(
      planted(/(chain leak \{\n.*\n)/, "$1    osf name linux accept\n"),
      /nftables of gw1: line \d+: osf name linux accept: a rule that is not understood/,
    );
    assert.match(planted(/(chain leak \{\n.*\n)/, "$1    jump nowhere\n"), /may leave from/);
    assert.match(planted("chain leak {", "chain leak-not {\n  }\n  flowtable f {"), /neither a chain nor a set/);
  });
  test("no rules at all", () => {
    const found = open(
      filterClaims({ dc: dataCenterOf("guide"), gateway: dataCenterOf("guide").gateways[0] ?? assert.fail(), rules: readRules("") }),
    );
    assert.equal(found.length, 3);
  });
});
