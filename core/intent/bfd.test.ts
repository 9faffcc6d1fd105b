import assert from "node:assert/strict";
import { test } from "node:test";
import { computeBgp } from "./bgp-compute.ts";
import { dataCenterOf, VARIANTS } from "./bgp-variants.ts";
import type { Variant } from "./bgp-variants.ts";
import { gatewayBfd, gatewayBird } from "./gateway-bgp.ts";
import { reflectorBird } from "./reflector.ts";

function answersOf(variant: Variant, host: string): string | undefined {
  return computeBgp(dataCenterOf(variant), host).files?.find(({ value }) => value.path === "bird/bfd.conf")?.value.content;
}

test("what answers BFD on a host, whole", () => {
  assert.equal(
    answersOf("two of everything", "h1"),
    `# h1: written by Margay from the data centre guide; changes made here are lost.
# Answers BFD for the machine, whatever becomes of the BIRD that speaks BGP.
log stderr { info, warning, error, fatal, bug, auth, remote };
router id 192.0.2.1;
protocol device { scan time 10; }
protocol bfd {
  accept direct;
  strict bind;
  interface "fab0" {
    interval 80 ms;
    idle tx interval 200 ms;
    multiplier 5;
    passive;
  };
  neighbor 192.168.100.5 dev "fab0" local 192.168.100.11;
  neighbor 192.168.100.6 dev "fab0" local 192.168.100.11;
}
`,
  );
});

test("the process that answers is not the one that speaks BGP: neither ends with the other, nor is reloaded for it", () => {
  const daemons = computeBgp(dataCenterOf("guide"), "h1").daemons ?? [];
  assert.deepEqual(
    daemons.map(({ value }) => value.name),
    ["bird", "bfd"],
  );
  assert.deepEqual(daemons[1]?.value.after, ["file/bird/bfd.conf", "link/fab0"]);
});

for (const variant of VARIANTS)
  test(`${variant}: whoever is asked by a reflector, or by a gateway in its place, answers exactly those`, () => {
    const dc = dataCenterOf(variant);
    const asked = (config: string) => config.includes("bfd on;");
    const hubs = dc.fabric.peering === "direct" ? dc.gateways : dc.reflectors;
    const asking = hubs.some((hub) =>
      asked(
        "upstream" in hub ? gatewayBird(dc, dc.gateways.find(({ name }) => name === hub.name) ?? assert.fail()) : reflectorBird(dc, hub),
      ),
    );
    assert.equal(asking, dc.fabric.bfd !== undefined);
    const answering = [...dc.hosts.map(({ name }) => answersOf(variant, name)), ...dc.gateways.map((gateway) => gatewayBfd(dc, gateway))];
    for (const [at, text] of answering.entries()) {
      const isHub = at >= dc.hosts.length && dc.fabric.peering === "direct";
      const neighbours = [...(text ?? "").matchAll(/neighbor (\S+) /g)].map((match) => match[1]);
      const expected = asking && !isHub ? hubs.map((hub) => (dc.fabric.ipv4 === undefined ? hub.ipv6 : hub.ipv4)) : [];
      assert.deepEqual(neighbours, expected);
    }
  });

test("with its provider a gateway speaks BFD only where that is declared", () => {
  const of = (variant: Variant) => {
    const dc = dataCenterOf(variant);
    return gatewayBird(dc, dc.gateways[0] ?? assert.fail());
  };
  assert.doesNotMatch(of("guide"), /bfd/);
  assert.match(of("BFD with the provider"), /protocol bfd \{[^}]*interface "wan0"/);
  assert.equal(of("BFD with the provider").match(/bfd on;/g)?.length, 2);
});
