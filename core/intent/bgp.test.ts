import assert from "node:assert/strict";
import { test } from "node:test";
import { exportsOf } from "../datacenter/exports.ts";
import { mustRestart } from "../kinds/daemon.ts";
import { computeBgp, computeBird } from "./bgp-compute.ts";
import type { Guard } from "../datacenter/data-center.ts";
import { birdIntent, routerId } from "./bgp.ts";
import { CROSSINGS, racked, speakersOf, TOPOLOGIES } from "./bgp-topologies.ts";
import { dataCenterOf, VARIANTS } from "./bgp-variants.ts";
import { birdTexts } from "./bird-texts.ts";
import { gatewayBird } from "./gateway-bgp.ts";
import { reflectorBird } from "./reflector.ts";

/** The blocks whose head matches, without their indentation. */
function blocks(config: string, head: RegExp): readonly string[] {
  const all = config
    .split(/\n(?=\S)/)
    .reduce<string[]>((done, part) => (part.startsWith("}") ? [...done.slice(0, -1), `${done.at(-1)}\n${part}`] : [...done, part]), []);
  return all.filter((block) => head.test(block));
}

test("a host's configuration, whole", () => {
  const dc = dataCenterOf("only public");
  assert.equal(
    computeBird(dc, { ...dc.hosts[0], name: "h1" }),
    `# h1: written by Margay from the data centre guide; changes made here are lost.
log stderr { info, warning, error, fatal, bug, auth, remote };
router id 192.168.100.11;
graceful restart wait 10;
protocol device { scan time 1; }
define ENDPOINTS4 = [ 172.18.208.0/24{32,32} ];
function endpoint4() {
  return net ~ ENDPOINTS4;
}
filter learn4 {
  if krt_source = 88 && ifname ~ "tap*" && krt_metric < 1000000 && endpoint4() then {
    bgp_local_pref = 1000000 - krt_metric;
    preference = 201;
    if bgp_local_pref > 998976 then preference = 201 + 2 * (bgp_local_pref - 998976);
    accept;
  }
  reject;
}
protocol kernel kernel4 {
  learn;
  persist;
  graceful restart;
  merge paths on;
  scan time 20;
  ipv4 {
    import filter learn4;
    export where source = RTS_BGP;
  };
}
filter heard4 {
  if endpoint4() then {
    if bgp_local_pref > 998976 then preference = 200 + 2 * (bgp_local_pref - 998976);
    accept;
  }
  if net = 0.0.0.0/0 then accept;
  reject;
}
template bgp fabric {
  local 192.168.100.11 as 64512;
  direct;
  graceful restart on;
  graceful restart time 30;
  hold time 30;
  startup hold time 30;
  keepalive time 10;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 10;
  ipv4 {
    import filter heard4;
    export where source = RTS_INHERIT && endpoint4();
    gateway direct;
    add paths rx;
    receive limit 500000 action block;
    import limit 400000 action warn;
  };
}
protocol bgp 'reflector:rr1' from fabric {
  neighbor 192.168.100.5 as 64512;
}
`,
  );
});

const ALL = [
  ...CROSSINGS,
  ...VARIANTS.map((name) => [name, dataCenterOf(name)] as const),
  ...TOPOLOGIES.map((name) => [name, racked(name)] as const),
];

for (const [variant, dc] of ALL) {
  test(`${variant}: the provider is told exactly the aggregates, each by the protocol that makes it, while the beacon is heard`, () => {
    for (const gateway of dc.gateways) {
      const config = gatewayBird(dc, gateway);
      const upstream = blocks(config, /^protocol bgp upstream/).join("\n");
      const told = [
        ...upstream.matchAll(/export where (.+) && proto = "(\w+)" && \(?ifname = "fab0"(?: \|\| ifname = "fab1"\))?;/g),
      ].flatMap(([, prefixes = "", origin]) => [...prefixes.matchAll(/[0-9a-f.:]+\/\d+/g)].map(([prefix]) => [prefix, origin]));
      const made = blocks(config, /^protocol static announced/).flatMap((block) =>
        [...block.matchAll(/route (\S+) recursive (?:192\.0\.0\.8|100::8);/g)].map((match) => [match[1], /static (\w+)/.exec(block)?.[1]]),
      );
      assert.deepEqual(told.map(([prefix]) => prefix).toSorted(), exportsOf(dc).toSorted());
      assert.deepEqual(told.toSorted(), made.toSorted());
      assert.equal(upstream.match(/export /g)?.length, upstream.match(/^protocol/gm)?.length, "one export rule per session");
    }
  });

  test(`${variant}: whatever is imported or exported anywhere is said by a positive list`, () => {
    for (const [name, config] of birdTexts(dc)) {
      assert.doesNotMatch(config, /\b(import|export) all\b/, name);
      for (const session of blocks(config, /^protocol bgp/)) {
        const template = / from (\w+)/.exec(session)?.[1];
        const shared = template === undefined ? "" : (blocks(config, new RegExp(`^template bgp ${template}`))[0] ?? "");
        for (const [verb, said] of [
          ["import", /import (where|filter \w+);?/],
          ["export", /export where/],
        ] as const)
          assert.ok(said.test(`${session}${shared}`) || session.includes("export none"), `${name}: ${session} has no "${verb}"`);
      }
      for (const filter of blocks(config, /^filter /)) {
        assert.match(filter, /reject;\n\}/, `${name}: what a filter does not name, it rejects`);
        assert.match(filter, /^ {2}if .* then/m);
      }
    }
  });

  test(`${variant}: BIRD sees every change of a set: no whole prefix is in one whose length is no multiple of four`, () => {
    for (const [machine, config] of birdTexts(dc)) {
      const inSets = [...config.matchAll(/(?:~|=) \[([^\]]*\/[^\]]*)\]/g)].flatMap(([, items = ""]) => items.split(","));
      const unseen = inSets.filter((item) => /\/\d+\s*$/.test(item) && Number(item.split("/")[1]) % 4 !== 0);
      assert.deepEqual(unseen, [], machine);
    }
  });

  test(`${variant}: "and" and "or" are never mixed without parentheses: BIRD takes them from left to right`, () => {
    // Function calls and inner parentheses first, until none is left.
    const flat = (text: string): string => (/\([^()]*\)/.test(text) ? flat(text.replaceAll(/\([^()]*\)/g, "")) : text);
    for (const [machine, config] of birdTexts(dc)) {
      const mixed = config.split("\n").filter((line) => /&&/.test(flat(line)) && /\|\|/.test(flat(line)));
      assert.deepEqual(mixed, [], machine);
    }
  });

  test(`${variant}: protocols have names of their own, which BIRD can read`, () => {
    for (const [machine, config] of birdTexts(dc)) {
      const names = [...config.matchAll(/^protocol bgp '([^']*)'/gm)].map((match) => match[1] ?? "");
      assert.equal(new Set(names).size, names.length, machine);
      for (const name of names) assert.match(name, /^[\w.:-]{1,63}$/);
    }
  });

  test(`${variant}: no two speakers have one router id`, () => {
    const ids = speakersOf(dc).map((machine) => routerId(dc, machine));
    assert.equal(new Set(ids).size, ids.length);
  });
}

test("a reflector believes a host only where the next hop is the host itself", () => {
  const dc = dataCenterOf("guide");
  const [h1] = dc.reflectors.flatMap((reflector) => blocks(reflectorBird(dc, reflector, "assigned"), /'host:h1'/));
  assert.match(h1 ?? "", /import where endpoint4\(\) && net ~ 'assigned4:h1' && bgp_next_hop = 192\.168\.100\.11;/);
  assert.match(h1 ?? "", /import where endpoint6\(\) && net ~ 'assigned6:h1' && bgp_next_hop = 2001:db8:a41:f::11;/);
});

test("no endpoint can have an address of a pool inside the public range", () => {
  const dc = dataCenterOf("pool inside the public range");
  for (const [name, config] of birdTexts(dc)) {
    assert.match(config, /define POOL_PARTS4 = \[ 172\.18\.208\.240\/30\+, 172\.18\.208\.245\/32\+, 172\.18\.208\.246\/31\+ \];/, name);
    assert.match(config, /function endpoint4\(\) \{\n {2}if net ~ POOL_PARTS4 then return false;/, name);
  }
});

test("each gateway tells of its own pool, and the reflector believes nobody else of it", () => {
  const dc = dataCenterOf("pool inside the public range");
  const [gw1, gw2] = dc.gateways.map((gateway) => blocks(gatewayBird(dc, gateway), /^protocol static pool4/).join("\n"));
  assert.match(gw1 ?? "", /route 172\.18\.208\.240\/30 unreachable;/);
  assert.doesNotMatch(gw2 ?? "", /240/);
  const believed = dc.reflectors.flatMap((reflector) => blocks(reflectorBird(dc, reflector), /'gateway:gw1'/)).join("\n");
  assert.match(believed, /import where \(net = 0\.0\.0\.0\/0 \|\| net = 172\.18\.208\.240\/30\) && bgp_next_hop = 192\.168\.100\.1;/);
});

test("a machine that the data centre does not know has no BGP", () => {
  assert.deepEqual(computeBgp(dataCenterOf("guide"), "h9"), {});
});

test("a changed configuration is reloaded, not restarted; the daemon waits for its file and the fabric", () => {
  const daemonOf = (variant: "guide" | "only public") => computeBgp(dataCenterOf(variant), "h1").daemons?.[0]?.value;
  const [before, after] = [daemonOf("guide"), daemonOf("only public")];
  assert.ok(before && after);
  assert.notEqual(before.loaded, after.loaded);
  assert.equal(mustRestart(after, before), false);
  assert.deepEqual(before.after, ["file/bird/bird.conf", "link/fab0"]);
});

test("another AS, password or GTSM is taken by another process, whose peers wait for it; who has which address is only read again", () => {
  const center = dataCenterOf("guide");
  const daemonOf = (guard: Guard | undefined) => {
    const { guard: _, ...fabric } = center.fabric;
    const { daemons } = computeBgp({ ...center, fabric: { ...fabric, ...(guard && { guard }) } }, "h1");
    return daemons?.find(({ value }) => value.name === "bird")?.value ?? assert.fail();
  };
  const [none, one, other] = [
    daemonOf(undefined),
    daemonOf({ password_file: "/etc/margay/bgp-1" }),
    daemonOf({ password_file: "/etc/margay/bgp-2" }),
  ];
  for (const [want, have] of [
    [one, none],
    [other, one],
    [daemonOf({ ttl_security: true }), none],
  ] as const)
    assert.equal(mustRestart(want, have), true);
  const included = (assigned: string) =>
    birdIntent({ bgp: 'include "assigned.conf";\n', assigned, bfd: undefined }, []).daemons[0]?.value ?? assert.fail();
  assert.equal(mustRestart(included("define A = [ 0.0.0.0/32 ];"), included("")), false);
});
