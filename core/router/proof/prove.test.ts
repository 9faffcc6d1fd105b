/** What is rendered, on every platform, is proven; and what somebody breaks in it is found. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DataCenter } from "../../datacenter/data-center.ts";
import { computeBird } from "../../intent/bgp-compute.ts";
import { dataCenterOf, VARIANTS } from "../../intent/bgp-variants.ts";
import { CROSSINGS, racked, TOPOLOGIES } from "../../intent/bgp-topologies.ts";
import { privateRanges } from "../../datacenter/ranges.ts";
import { readCidr } from "../../net/prefix.ts";
import { routerConfigOf } from "../derive.ts";
import { bird as birdAlone } from "../bird/bird.ts";
import type { Platform } from "../platform.ts";
import { platformOf, PLATFORMS } from "../platforms.ts";
import type { Policy, PrefixSet } from "../policy.ts";
import type { RouterConfig } from "../router-config.ts";
import type { Claim } from "./claim.ts";
import { prove } from "./prove.ts";

const open = (claims: readonly Claim[]) => claims.filter(({ verdict }) => verdict === "not proven");
const cidr = (text: string) => readCidr(text) ?? assert.fail(text);

/** Who translates, and gives VMs no ports of their own, which it refuses to; an SRX does where there are two ranges. */
const WITHOUT_PORTS = ["iosxe", "vyos"];

for (const platform of PLATFORMS)
  for (const variant of VARIANTS)
    test(`"${variant}" on ${platform.name} is proven`, () => {
      const dc = dataCenterOf(variant);
      const several = privateRanges(dc).length > 1 && platform.name === "junos";
      const lacks = dc.pnat?.ports_per_vm !== undefined && (several || WITHOUT_PORTS.includes(platform.name));
      const against = new Set(open(prove(dc, () => platform)).flatMap((claim) => claim.against));
      assert.deepEqual([...against], lacks ? ["it gives VMs no ports of their own"] : []);
    });

/** On two segments routers are BIRD; over link-local addresses, BIRD, FRR, or VyOS, whose BGP is FRR's. */
const ALONE = TOPOLOGIES.filter((topology) => !topology.includes("segments"));
const NUMBERED = ALONE.filter((topology) => !topology.includes("unnumbered"));

/** A reflector that is SR Linux cannot leave next hops as they are towards another AS, which is refused, and found missing. */
const SPOKEN = (platform: string) => {
  if (platform === "frr" || platform === "vyos") return ALONE;
  return platform === "srlinux"
    ? NUMBERED.filter((topology) => !topology.includes("an AS") || topology.includes("without reflectors"))
    : NUMBERED;
};

for (const platform of PLATFORMS)
  for (const topology of platform.name === "bird" ? TOPOLOGIES : SPOKEN(platform.name))
    test(`${topology} on ${platform.name} are proven`, () => {
      assert.deepEqual(open(prove(racked(topology), () => platform)), []);
    });

for (const [name, dc] of CROSSINGS)
  test(`${name} is proven on BIRD`, () => {
    assert.deepEqual(open(prove(dc, () => platformOf("bird") ?? assert.fail())), []);
  });

const GUIDE = dataCenterOf("guide");
const GATEWAY = routerConfigOf(GUIDE, "gw1") ?? assert.fail();

/** What is open when gw1 runs this text. */
function withText(platform: Platform, text: string, { dc = GUIDE, name = "gw1" } = {}): readonly Claim[] {
  return open(prove(dc, () => platform, [{ name, platform, read: platform.read(text) }]));
}

function textOf(platform: Platform, config: RouterConfig = GATEWAY, dc: DataCenter = GUIDE): string {
  return platform.render(config, dc).files[0]?.text ?? assert.fail();
}

/** The text with one place changed; which must be there. */
function planted(text: string, from: string | RegExp, to: string | ((found: string) => string)): string {
  const changed = typeof to === "string" ? text.replace(from, to) : text.replace(from, to);
  assert.notEqual(changed, text, `nothing to change: ${String(from)}`);
  return changed;
}

const edited = (name: string, edit: Partial<PrefixSet>): RouterConfig => ({
  ...GATEWAY,
  prefixSets: GATEWAY.prefixSets.map((set) => (set.name === name ? { ...set, ...edit } : set)),
});
const withPolicy = (name: string, edit: (policy: Policy) => Policy): RouterConfig => ({
  ...GATEWAY,
  policies: GATEWAY.policies.map((policy) => (policy.name === name ? edit(policy) : policy)),
});

/** BIRD's text follows from the data centre; the others say what a configuration says. */
const RENDERERS = PLATFORMS.filter(({ name }) => name !== "bird");

for (const platform of RENDERERS)
  describe(`on ${platform.name}, what was planted is found:`, () => {
    if (platform.conditions === "while heard")
      test("a condition that is left out, is another one, or is always met", () => {
        const text = textOf(platform);
        const changes: readonly (readonly [string | RegExp, string])[] =
          platform.name === "junos"
            ? [
                [/^.*from condition.*\n/gm, ""],
                ["if-route-exists 192.0.0.8/32", "if-route-exists 0.0.0.0/0"],
              ]
            : [
                [/^.*exist-map.*\n/gm, ""],
                [/exist-map \S+/g, "exist-map FROM-PROVIDER-IPV4"],
                ["192.0.0.8/32", "0.0.0.0/0"],
              ];
        for (const [from, to] of changes) {
          const found = withText(platform, planted(text, from, to)).filter(({ about }) => about === "delivery");
          assert.ok(found.length > 0, String(from));
        }
      });

    const leaks = (config: RouterConfig) => withText(platform, textOf(platform, config)).filter(({ about }) => about === "exports");
    /**
     * Another list of what is announced. Where own prefixes are told by `protocol static`, a longer list alone lets nothing out that a
     * neighbour tells: there, the colour is not asked for either.
     */
    const announcing = (family: 4 | 6, ranges: PrefixSet["ranges"]): RouterConfig => {
      const sets = edited(`ANNOUNCED-IPV${family}`, { ranges });
      if (platform.exports === "what entered BGP") return sets;
      const bare = (policy: Policy): Policy => ({
        ...policy,
        terms: policy.terms.map((term) => ({ ...term, when: term.when.filter((condition) => !("community" in condition)) })),
      });
      return { ...sets, policies: withPolicy(`TO-PROVIDER-IPV${family}`, bare).policies };
    };

    test("an entry that lets pass what is longer", () => {
      const [leak] = leaks(announcing(4, [{ prefix: cidr("172.18.208.0/24"), least: 24, most: 32 }]));
      assert.match(leak?.against[0] ?? "", /172\.18\.208\.0\/25 \(part of the public range/);
    });

    test("the private range, or a part of it, among what is announced", () => {
      for (const [prefix, least, most] of [
        ["10.65.0.0/16", 16, 16],
        ["10.65.7.128/25", 25, 25],
        ["10.0.0.0/8", 8, 8],
        ["0.0.0.0/0", 0, 16],
      ] as const) {
        const ranges = [
          { prefix: cidr("172.18.208.0/24"), least: 24, most: 24 },
          { prefix: cidr(prefix), least, most },
        ];
        const found = leaks(announcing(4, ranges)).flatMap(({ against }) => against);
        assert.ok(
          found.some((text) => text.includes("would pass")),
          prefix,
        );
      }
    });

    test("a term that accepts everything, first or last", () => {
      const all = { name: "all", when: [], verdict: "accept" } as const;
      for (const edit of [
        (policy: Policy) => ({ ...policy, terms: [all, ...policy.terms] }),
        (policy: Policy) => ({ ...policy, terms: [...policy.terms, all] }),
      ]) {
        const found = leaks(withPolicy("TO-PROVIDER-IPV4", edit)).flatMap(({ against }) => against);
        assert.ok(found.some((text) => text.startsWith("0.0.0.0/0 ")) && found.length > 3, found.join("\n"));
      }
    });

    test("one whole /128 more in IPv6", () => {
      const ranges = [
        { prefix: cidr("2001:db8:a41:2::/63"), least: 63, most: 63 },
        { prefix: cidr("2001:db8:a41:3::7/128"), least: 128, most: 128 },
      ];
      const found = leaks(announcing(6, ranges)).flatMap(({ against }) => against.filter((text) => text.includes("would pass")));
      assert.deepEqual(
        found.map((text) => text.split(" ")[0]),
        ["2001:db8:a41:3::7/128"],
      );
    });

    test("a neighbour too many, who would be told something", () => {
      const [first] = GATEWAY.neighbors;
      const stranger = { ...(first ?? assert.fail()), name: "stranger", address: cidr("192.168.100.99/32").slice(0, -3) as never };
      const found = withText(platform, textOf(platform, { ...GATEWAY, neighbors: [...GATEWAY.neighbors, stranger] }));
      assert.deepEqual(new Set(found.map(({ about }) => about)), new Set(["ends", "exports"]));
    });

    test("a provider, a host and a reflector that would be believed more", () => {
      const all = { name: "all", when: [], verdict: "accept" } as const;
      for (const name of ["FROM-PROVIDER-IPV4", "FROM-FABRIC-IPV6"]) {
        const config = withPolicy(name, (policy) => ({ ...policy, terms: [...policy.terms, all] }));
        assert.ok(
          withText(platform, textOf(platform, config)).some(({ about }) => about === "imports"),
          name,
        );
      }
    });

    test("a neighbour of BIRD's that does not speak BFD, in a mesh too", () => {
      for (const dc of [dataCenterOf("direct peering"), racked("mesh")]) {
        const config = routerConfigOf(dc, "gw1") ?? assert.fail();
        const mute = { ...config, neighbors: config.neighbors.map(({ bfd: _bfd, ...neighbor }) => neighbor) };
        const [claim, ...more] = open(
          prove(dc, (name) => (name === "gw1" ? platform : birdAlone), [
            { name: "gw1", platform, read: platform.read(textOf(platform, mute, dc)) },
          ]),
        );
        assert.deepEqual([claim?.about, more], ["ends", []]);
        assert.match(claim?.against?.join() ?? "", /BFD: h1 watches gw1, which does not answer/);
      }
    });

    test("ends that differ, and a way that is cut", () => {
      const deaf = { ...GATEWAY, neighbors: GATEWAY.neighbors.filter(({ role }) => role !== "reflector") };
      assert.deepEqual(new Set(withText(platform, textOf(platform, deaf)).map(({ about }) => about)), new Set(["paths", "ends"]));
      const slow = { ...GATEWAY, neighbors: GATEWAY.neighbors.map((each) => ({ ...each, timers: { ...each.timers, hold: 90 } })) };
      assert.deepEqual(
        withText(platform, textOf(platform, slow)).map(({ about }) => about),
        ["ends"],
      );
      const mute = withPolicy("TO-FABRIC-IPV4", (policy) => ({ ...policy, terms: [] }));
      assert.deepEqual(
        withText(platform, textOf(platform, mute)).map(({ about, where }) => `${about}: ${where}`),
        ["paths: 0.0.0.0/0 of gw1, out"],
      );
      const bare = { ...GATEWAY, statics: GATEWAY.statics.filter(({ prefix }) => prefix !== "10.65.0.0/16") };
      assert.match(withText(platform, textOf(platform, bare))[0]?.against[0] ?? "", /no discard route for 10\.65\.0\.0\/16/);
    });
  });

describe("in FRR's words, what was planted is found:", () => {
  const frr = PLATFORMS.find(({ name }) => name === "frr") ?? assert.fail();
  const found = (from: string | RegExp, to: string) => withText(frr, planted(textOf(frr), from, to));
  const abouts = (claims: readonly Claim[]) => [...new Set(claims.map(({ about }) => about))];

  test("whatever is connected, told", () => {
    assert.deepEqual(abouts(found("address-family ipv4 unicast", "address-family ipv4 unicast\n  redistribute connected")), ["enters"]);
  });
  test("and told through a policy that lets everything pass", () => {
    const text = planted(textOf(frr), "address-family ipv4 unicast", "address-family ipv4 unicast\n  redistribute connected");
    assert.deepEqual(
      abouts(
        withText(
          frr,
          planted(
            text,
            "route-map TO-PROVIDER-IPV4 permit 10",
            "route-map TO-PROVIDER-IPV4 permit 5\nexit\nroute-map TO-PROVIDER-IPV4 permit 10",
          ),
        ),
      ),
      ["enters", "exports"],
    );
  });
  test("the private range as a network", () => {
    assert.match(
      found("address-family ipv4 unicast", "address-family ipv4 unicast\n  network 10.65.0.0/16")[0]?.against[0] ?? "",
      /10\.65\.0\.0\/16, line/,
    );
  });
  test("no policy, where FRR needs none", () => {
    const text = planted(textOf(frr), /\n.*route-map TO-PROVIDER-IPV4 out/, "");
    assert.deepEqual(abouts(withText(frr, text)), ["exports"]);
    assert.ok(abouts(withText(frr, planted(text, "bgp ebgp-requires-policy", "no bgp ebgp-requires-policy"))).includes("exports"));
  });
  test("a policy that is not defined", () => {
    assert.ok(abouts(found(/route-map TO-PROVIDER-IPV4 out/, "route-map TO-PROVIDERS out")).includes("read"));
  });
  test("a prefix list that denies in the wrong order", () => {
    assert.deepEqual(
      abouts(
        found(
          "ip prefix-list ANNOUNCED-IPV4 seq 5 permit 172.18.208.0/24",
          "ip prefix-list ANNOUNCED-IPV4 seq 5 permit 0.0.0.0/0 le 24\nip prefix-list ANNOUNCED-IPV4 seq 10 deny 10.0.0.0/8 le 32",
        ),
      ),
      ["exports"],
    );
    const denied = "ip prefix-list ANNOUNCED-IPV4 seq 3 deny 10.0.0.0/8 le 32\nip prefix-list ANNOUNCED-IPV4 seq 5 permit 172.18.208.0/24";
    assert.deepEqual(found("ip prefix-list ANNOUNCED-IPV4 seq 5 permit 172.18.208.0/24", denied), []);
  });
  test("of a host on a port: believed anything, another AS, and another port", () => {
    const dc = racked("unnumbered racks with an AS each");
    const config = routerConfigOf(dc, "tor1") ?? assert.fail();
    const text = textOf(frr, config, dc);
    const opened = (from: RegExp, to: string) => withText(frr, planted(text, from, to), { dc, name: "tor1" });
    const all = "route-map ALL permit 10\nexit\n!\nrouter bgp 4200000001";
    const believed = planted(planted(text, "router bgp 4200000001", all), /(neighbor swp1 route-map) FROM-h1-IPV4 in/, "$1 ALL in");
    assert.match(withText(frr, believed, { dc, name: "tor1" })[0]?.where ?? "", /^tor1 ← h1, IPv4/);
    assert.deepEqual(abouts(opened(/neighbor swp2 interface remote-as 4200000001/, "neighbor swp2 interface remote-as 65001")), ["ends"]);
    assert.ok(abouts(opened(/neighbor swp2 interface/, "neighbor swp9 interface")).includes("ends"));
  });
  test("the same in VyOS' words", () => {
    const vyos = PLATFORMS.find(({ name }) => name === "vyos") ?? assert.fail();
    const dc = racked("unnumbered racks with an AS each");
    const text = textOf(vyos, routerConfigOf(dc, "tor1") ?? assert.fail(), dc);
    const opened = (from: RegExp | string, to: string) => withText(vyos, planted(text, from, to), { dc, name: "tor1" });
    const head = "set policy route-map FROM-h1-IPV4 rule 99 action permit\n";
    assert.match(opened("set protocols bgp system-as", `${head}set protocols bgp system-as`)[0]?.where ?? "", /^tor1 ← h1, IPv4/);
    assert.deepEqual(abouts(opened(/neighbor swp2 interface remote-as \d+/, "neighbor swp2 interface v6only remote-as 65001")), ["ends"]);
    assert.ok(abouts(opened(/.*neighbor swp1 .*\n/g, "")).includes("paths"));
    assert.deepEqual(opened(/neighbor swp2 interface remote-as/, "neighbor swp2 interface v6only remote-as"), []);
    assert.deepEqual(
      abouts(opened(/(set protocols bgp neighbor) swp2 (interface .*)\n/, "$1 swp2 $2\n$1 swp2 interface source-interface eth9\n")),
      ["read"],
    );
  });
  test("a statement that is not understood", () => {
    assert.deepEqual(
      abouts(found("address-family ipv4 unicast", "address-family ipv4 unicast\n  neighbor 198.51.100.1 default-originate")),
      ["read"],
    );
  });
});

describe("in BIRD's words, what was planted is found:", () => {
  const bird = PLATFORMS.find(({ name }) => name === "bird") ?? assert.fail();
  const found = (from: string | RegExp, to: string) => withText(bird, planted(textOf(bird), from, to));
  const abouts = (claims: readonly Claim[]) => [...new Set(claims.map(({ about }) => about))];
  const EXPORT = 'export where net ~ [ 172.18.208.0/24 ] && proto = "announced4" && ifname = "fab0";';

  test("a wider pattern, and none", () => {
    assert.deepEqual(abouts(found(EXPORT, "export where net ~ [ 172.18.208.0/24+ ];")), ["exports", "delivery"]);
    assert.deepEqual(abouts(found(EXPORT, "export all;")), ["exports", "delivery"]);
    assert.deepEqual(abouts(found(EXPORT, "export where source = RTS_STATIC;")), ["exports", "delivery"]);
  });
  test("`&&` that binds no tighter than `||`", () => {
    const claims = found(EXPORT, 'export where net ~ [ 172.18.208.0/24 ] && proto = "announced4" || proto = "internal4";');
    assert.match(claims[0]?.against[0] ?? "", /10\.65\.0\.0\/16 \(the private range/);
  });
  test("a filter that lets a part pass on one of its ways", () => {
    const filter = [
      "export filter {",
      "  if net ~ [ 10.65.4.0/22{24,26} ] then { bgp_community.empty; accept; }",
      "  if net.len > 24 then reject;",
      "  if net ~ [ 172.18.208.0/24 ] then accept;",
      "  reject;",
      "};",
    ].join("\n");
    const claims = found(EXPORT, filter);
    assert.deepEqual(abouts(claims), ["exports", "delivery"]);
    assert.match(claims[0]?.against.join("\n") ?? "", /10\.65\.4\.0\/24 .*10\.65\.4\.0\/25 .*10\.65\.4\.0\/26 /s);
  });
  test("what is told, heard or not", () => {
    assert.deepEqual(abouts(found(' && ifname = "fab0"', "")), ["delivery"]);
    assert.match(found(" recursive 192.0.0.8", ' via "fab0"')[0]?.against.join("\n") ?? "", /172\.18\.208\.0\/24/);
  });
  test("a reflector that tells gateways no beacon, and a gateway that does not believe it", () => {
    const rr1 = textOf(bird, routerConfigOf(GUIDE, "rr1") ?? assert.fail());
    const silent = planted(rr1, ' || proto = "beacon4"', "");
    assert.deepEqual(abouts(withText(bird, silent, { name: "rr1" })), ["delivery"]);
    const [claim] = found(" || net = 192.0.0.8/32", "");
    assert.match(claim?.against.join("\n") ?? "", /the beacon of rr1 does not reach gw1: .*gw1 does not believe rr1/);
  });
  test("a host or a provider that may tell the beacon", () => {
    assert.deepEqual(abouts(found("import where net = 0.0.0.0/0;", "import where net = 0.0.0.0/0 || net = 192.0.0.8/32;")), ["imports"]);
  });
  test("no export at all", () => {
    assert.match(found(EXPORT, "")[0]?.against[0] ?? "", /172\.18\.208\.0\/24 would not be told/);
  });
  test("what is connected, and what the kernel has", () => {
    assert.deepEqual(abouts(found("protocol static announced4", "protocol direct { ipv4; }\nprotocol static announced4")), ["enters"]);
    assert.deepEqual(abouts(found(/protocol kernel kernel4 \{([^}]*)import none/, "protocol kernel kernel4 {\n  learn;$1import all")), [
      "enters",
    ]);
  });
  test("a neighbour that may say anything", () => {
    assert.ok(abouts(found("import where net = 0.0.0.0/0;", "import all;")).includes("imports"));
  });
  test("what is not understood", () => {
    assert.deepEqual(abouts(found(EXPORT, "export filter { case net.len { 24: accept; else: reject; } };")), ["read", "exports"]);
    assert.ok(abouts(found(EXPORT, `${EXPORT} }; ???`)).includes("read"));
  });
});

describe("in a host's BIRD, what was planted is found:", () => {
  const bird = PLATFORMS.find(({ name }) => name === "bird") ?? assert.fail();
  const found = (dc: DataCenter, from: string | RegExp, to: string | ((found: string) => string)) => {
    const host = dc.hosts[0] ?? assert.fail();
    const text = planted(computeBird(dc, host), from, to);
    return open(prove(dc, () => bird, [{ name: host.name, platform: bird, read: bird.read(text) }]));
  };
  const EXPORT = /export where .*;/;

  for (const [name, dc] of [
    ["a flat fabric", GUIDE],
    ["racks", racked("racks")],
    ["two uplinks", racked("two uplinks")],
    ["a mesh", racked("mesh")],
  ] as const)
    test(`${name}: what it has heard, told on; and whatever its kernel holds`, () => {
      const [told] = found(dc, new RegExp(EXPORT, "g"), (line) => (line.includes("source = RTS_BGP") ? line : "export all;"));
      assert.equal(told?.where, "every host, IPv4");
      assert.match(told.against[0] ?? "", /^h1 may tell /);
      const held = found(dc, /&& endpoint[46]\(\)/g, "");
      assert.match(held[0]?.against.join("\n") ?? "", /h1 may tell .*kernel route/);
    });
  test("somebody who is no neighbour", () => {
    const claims = found(
      GUIDE,
      /protocol bgp 'reflector:rr1'[^}]*\}/,
      (session) => `${session}\n${session.replaceAll("rr1", "rr9").replaceAll(/neighbor \S+/g, "neighbor 192.168.100.99")}`,
    );
    assert.match(claims.flatMap(({ against }) => against).join("\n"), /h1 speaks with 192\.168\.100\.99/);
  });
});
