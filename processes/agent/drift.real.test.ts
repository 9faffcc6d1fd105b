/** Every kind of object that is ours, broken by hand in every way: put right within ten seconds, and told with what was found and what was wanted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ground, port, told, until, up } from "./told.real.ts";
import type { Told } from "./told.real.ts";

interface Break {
  /** A shell line in the host's namespace, `{state}` for the state directory. */
  readonly by: string;
  /** Of the line that tells of it. */
  readonly did: RegExp;
  readonly wanted?: RegExp;
  readonly found?: RegExp;
}

/** How long a break may last; what is looked at again and again is looked at within that time, whoever tells of it. */
const HEALED_MS = 10_000;

const PACKET_FILTER: readonly Break[] = [
  {
    by: `nft delete element inet margay sources4 '{ "tap17" . fa:16:3e:00:00:11 . 10.65.0.17 }'`,
    did: /^create nft\/inet element sources4 "tap17"/,
    found: /^nothing$/,
  },
  {
    by: `nft add element inet margay ingress '{ "tapevil" : accept }'`,
    did: /^delete nft\/inet element ingress "tapevil"/,
    wanted: /^nothing$/,
    found: /tapevil.*accept/,
  },
  {
    by: "nft insert rule inet margay forward accept",
    did: /^replace nft\/inet chain forward/,
    wanted: /chain forward/,
    found: /chain forward/,
  },
  { by: "nft flush chain inet margay from-tap", did: /^replace nft\/inet chain from-tap/, wanted: /senders/, found: /from-tap/ },
  { by: "nft flush set inet margay sources6", did: /^create nft\/inet element sources6 "tap17"/, found: /^nothing$/ },
  {
    by: "nft add chain inet margay forged; nft add rule inet margay forged accept",
    did: /^delete nft\/inet chain forged/,
    wanted: /^nothing$/,
  },
  { by: "nft delete table arp margay", did: /^create nft\/arp chain input/, wanted: /chain input/, found: /^nothing$/ },
];

const KERNEL: readonly Break[] = [
  { by: "ip route del 10.65.0.17 dev tap17", did: /^create route\/10\.65\.0\.17\/32 metric 1024/, wanted: /dev tap17/, found: /^nothing$/ },
  {
    by: "ip -6 route replace 2001:db8:a41:3::11 dev tap18 metric 1024 proto 88",
    did: /^replace route\/2001:db8:a41:3::11\/128/,
    wanted: /dev tap17/,
    found: /dev tap18/,
  },
  {
    by: "ip route add 10.65.99.9 dev tap18 metric 1024 proto 88",
    did: /^delete route\/10\.65\.99\.9\/32/,
    wanted: /^nothing$/,
    found: /dev tap18/,
  },
  { by: "ip route replace unreachable 10.65.0.0/16 metric 1048576 proto 3", did: /^create route\/10\.65\.0\.0\/16/, found: /^nothing$/ },
  {
    by: "ip neigh replace 10.65.0.17 lladdr 02:00:00:00:00:99 dev tap17 nud permanent proto 88",
    did: /^replace neighbour\/tap17 10\.65\.0\.17/,
    wanted: /fa:16:3e:00:00:11/,
    found: /02:00:00:00:00:99/,
  },
  { by: "ip neigh del 10.65.0.18 dev tap18", did: /^create neighbour\/tap18 10\.65\.0\.18/, found: /^nothing$/ },
  {
    by: "ip -6 neigh replace 2001:db8:a41:3::12 lladdr 02:00:00:00:00:98 dev tap18 nud reachable",
    did: /neighbour\/tap18 2001:db8:a41:3::12/,
  },
  {
    by: "sysctl -qw net.ipv4.conf.tap17.proxy_arp=0",
    did: /^replace sysctl\/net\/ipv4\/conf\/tap17\/proxy_arp/,
    wanted: /= 1/,
    found: /= 0/,
  },
  {
    by: "sysctl -qw net.ipv6.conf.all.forwarding=0",
    did: /^replace sysctl\/net\/ipv6\/conf\/all\/forwarding/,
    wanted: /= 1/,
    found: /= 0/,
  },
  {
    by: "ip addr del 10.65.0.1/32 dev margay0 || ip addr del 10.65.0.1/16 dev margay0",
    did: /^replace link\/margay0/,
    wanted: /10\.65\.0\.1\//,
    found: /margay0/,
  },
];

const PROGRAMS: readonly Break[] = [
  { by: "echo '# edited' >> {state}/bird/bird.conf", did: /^replace file\/bird\/bird\.conf/, wanted: /bird\.conf/, found: /bird\.conf/ },
  {
    by: "echo 02:00:00:00:00:01,10.65.0.66 > {state}/dnsmasq/forged",
    did: /^delete file\/dnsmasq\/forged/,
    wanted: /^nothing$/,
  },
  {
    by: "kill -9 $(tail -n1 {state}/run/dnsmasq.run.json | grep -o '\"pid\":[0-9]*' | cut -d: -f2)",
    did: /^create daemon\/dnsmasq/,
    wanted: /dnsmasq/,
    found: /^nothing$/,
  },
];

/** BIRD is told something else behind the agent's back; it is told again, and then killed. */
const BIRD: readonly Break[] = [
  {
    by: `sed 's/export all/export none/' {state}/bird/bird.conf > {state}/other.conf; birdc -s {state}/bird/bird.ctl configure '"{state}/other.conf"'`,
    did: /^replace daemon\/bird/,
  },
];
const BIRD_DEAD: readonly Break[] = [
  {
    by: "kill -9 $(tail -n1 {state}/run/bird.run.json | grep -o '\"pid\":[0-9]*' | cut -d: -f2)",
    did: /^create daemon\/bird/,
    wanted: /bird/,
    found: /^nothing$/,
  },
];
const LINK: readonly Break[] = [{ by: "ip link del margay0", did: /^create link\/margay0/, wanted: /10\.65\.0\.1/, found: /^nothing$/ }];

test("whatever of ours somebody breaks is whole within ten seconds, and told", { timeout: 115_000 }, async (t) => {
  const one = await told(t);
  await one.host.sh("for n in 17 18; do ip tuntap add tap$n mode tap; ip link set tap$n up; done");
  one.say(...(await ground()), port(17), port(18));
  one.start();
  await up(one, [17, 18], 1);
  const whole = await holdings(one);
  for (const [what, breaks] of Object.entries({ PACKET_FILTER, KERNEL, PROGRAMS, BIRD, BIRD_DEAD, LINK }))
    await t.test(`broken at once: ${what}`, async () => healed(one, breaks, { whole, say: (line) => t.diagnostic(`${what}: ${line}`) }));
});

interface Watched {
  readonly whole: string;
  readonly say: (line: string) => void;
}

async function healed(one: Told, breaks: readonly Break[], { whole, say }: Watched): Promise<void> {
  const lines = one.log().length;
  const from = performance.now();
  for (const { by } of breaks) await one.host.sh(by.replaceAll("{state}", one.state));
  const untold = () =>
    breaks.filter(
      (each) =>
        !one
          .log()
          .slice(lines)
          .some((line) => tellsOf(line, each)),
    );
  let differences: readonly string[] = [];
  await until(
    async () => {
      differences = differing(whole, await holdings(one));
      return untold().length === 0 && differences.length === 0;
    },
    () => JSON.stringify({ differences, untold: untold().map(({ by }) => by), told: one.log().slice(lines) }, null, 1),
  );
  const took = performance.now() - from;
  say(`whole again after ${(took / 1000).toFixed(1)} s`);
  assert.ok(took < HEALED_MS, `it took ${took} ms`);
}

/** Lines that only one of them has. */
function differing(one: string, other: string): string[] {
  const [first, second] = [new Set(one.split("\n")), new Set(other.split("\n"))];
  return [
    ...[...first].filter((line) => !second.has(line)).map((line) => `- ${line}`),
    ...[...second].filter((line) => !first.has(line)).map((line) => `+ ${line}`),
  ];
}

function tellsOf({ msg, did = "", wanted = "", found = "" }: ReturnType<Told["log"]>[number], told: Break): boolean {
  return (
    msg === "drift" && told.did.test(did) && did.includes(" done") && (told.wanted ?? /./).test(wanted) && (told.found ?? /./).test(found)
  );
}

/** What packets depend on, without what counts and what numbers processes have. */
async function holdings({ host, state }: Told): Promise<string> {
  // Some sets remember who has asked how often.
  const nft = await host.sh(
    "nft -s list ruleset | sed 's/\"tap[0-9]*\" limit rate .* packets,\\?//; s/^[ \\t]*elements = { *$//; s/^[ \\t]*}$//'",
  );
  const rest = await host.sh(
    `ip -4 route show proto 88; ip -6 route show proto 88; ip neigh show nud permanent proto 88 | sort
     ip -br addr show margay0 | tr -s ' ' '\\n' | grep / | grep -v fe80 | sort
     sysctl net.ipv4.conf.tap17.proxy_arp net.ipv6.conf.all.forwarding
     cat ${state}/bird/bird.conf; ls ${state}/dnsmasq
     for name in bird dnsmasq; do kill -0 $(tail -n1 ${state}/run/$name.run.json | grep -o '"pid":[0-9]*' | cut -d: -f2) && echo $name; done 2>&1 || true`,
  );
  return [...nft.split("\n").toSorted(), rest].join("\n");
}
