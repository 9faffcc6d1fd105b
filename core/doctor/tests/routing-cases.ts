/** What breaks each check of the routes and sessions, and how it says so. */
import { on, file, sysctls, withoutRoute, sessions, channels, heard, hears, tells } from "./breaks.ts";
import type { Case } from "./breaks.ts";
import type { Facts } from "../facts.ts";
import { WELL } from "./well.ts";

/** One session of a machine does not stand, and its kernel counts that it refused packets. */
const refused = (name: string, more: object) => (facts: Facts) =>
  on(name, "counters", (counters) => ({ ...counters, guarded: { ...counters.guarded, ...more } }))(down(name, "Passive")(facts));
const down = (name: string, info: string) =>
  sessions(name, (one) =>
    one.neighbour === "192.168.100.11" || one.neighbour === "192.168.100.5" ? { ...one, established: false, info } : one,
  );

export const ROUTING_CASES: readonly Case[] = [
  {
    id: "R21",
    when: "a host has another password",
    broken: refused("rr1", { other_password: 7 }),
    says: /rr1: host:h1 down, and since this machine booted 7 packets were refused that came with another password/,
    also: ["R13"],
  },
  {
    id: "R21",
    when: "a host has no password, and one too many",
    broken: refused("rr1", { no_password: 3, unasked_password: 2 }),
    says: /3 packets .* without a password[^]*2 packets .* with a password, where this machine has none/,
    also: ["R13"],
  },
  { id: "R21", when: "the other end is far", broken: refused("rr1", { far: 1 }), says: /1 packets .* farther than one hop/, also: ["R13"] },
  {
    id: "R21",
    when: "the other end of a guarded session does not answer",
    broken: (facts) => down("h1", "Connect")(file({ fabric: { ...WELL.fabric, password_file: "/etc/margay/bgp" } })(facts)),
    says: /192\.168\.100\.5 does not answer; it has to have the same password too/,
    verdict: "warning",
    also: ["R13"],
  },
  {
    id: "R1",
    when: "a part of the private range is told",
    broken: tells("gw1", "10.65.1.0/24"),
    says: /tells 10\.65\.1\.0\/24, which is of 10\.65\.0\.0\/23/,
  },
  { id: "R1", when: "a default route is told", broken: tells("gw2", "0.0.0.0/0"), says: /tells 0\.0\.0\.0\/0/ },
  { id: "R2", when: "a VM's own address is told", broken: tells("gw1", "62.2.2.10/32"), says: /tells 62\.2\.2\.10\/32, which is none of/ },
  { id: "R3", when: "a host announces a default route", broken: hears("rr1", { prefix: "0.0.0.0/0" }), says: /h1 announces 0\.0\.0\.0\/0/ },
  {
    id: "R3",
    when: "a host announces another's address",
    broken: hears("rr2", { prefix: "10.65.0.10/32", protocol: "host:h1" }),
    says: /h1 announces 10\.65\.0\.10\/32, which is on h2/,
  },
  {
    id: "R3",
    when: "a reflector has refused something of a host",
    broken: channels("rr1", { filtered: 3 }),
    says: /h1 has announced 3 IPv4 routes that were refused/,
    verdict: "warning",
  },
  {
    id: "R4",
    when: "the public range is the Internet's to drop",
    broken: file({ ranges: { ...WELL.ranges, public: "172.18.208.0/24" } }),
    says: /private space/,
    verdict: "warning",
  },
  {
    id: "R4",
    when: "the session with the provider is down",
    broken: sessions("gw1", (one) =>
      one.neighbour === "62.1.1.1" ? { ...one, established: false, info: "Socket: Connection refused" } : one,
    ),
    says: /62\.2\.2\.0\/24 is not announced/,
    also: ["R13"],
  },
  {
    id: "R4",
    when: "a gateway hears no beacon, and announces nothing",
    broken: on("gw1", "bird", (bird) => ({ ...bird, exports: {} })),
    says: /does not tell 62\.2\.2\.0\/24: nobody on the fabric is heard in IPv4 \(no route to 192\.0\.0\.8\/32\)/,
  },
  {
    id: "R4",
    when: "a gateway announces and hears of no VM",
    broken: sessions("gw1", (one) => (one.neighbour_as === 64512 ? { ...one, established: false } : one)),
    says: /none of its 2 sessions inside stands/,
    also: ["R13"],
  },
  {
    id: "R5",
    when: "an unreachable route is missing",
    broken: withoutRoute("h1", "10.65.0.0/23"),
    says: /no unreachable route for 10\.65\.0\.0\/23/,
  },
  { id: "R6", when: "a gateway lacks a VM's route", broken: withoutRoute("gw1", "62.2.2.10/32"), says: /no route to 62\.2\.2\.10 on h1/ },
  {
    id: "R7",
    when: "the fabric is only reached by the default route",
    broken: withoutRoute("gw1", "192.168.100.0/24"),
    says: /192\.168\.100\.0\/24 is not translated towards/,
  },
  {
    id: "R8",
    when: "a reflector set itself as next hop",
    broken: heard("gw1", (route) => (route.prefix === "10.65.0.10/32" ? { ...route, next_hop: "192.168.100.5" } : route)),
    says: /10\.65\.0\.10\/32 is on h2, and leads to 192\.168\.100\.5/,
  },
  {
    id: "R9",
    when: "a next hop is on no link",
    broken: heard("h2", (route) => ({ ...route, to: "unreachable" })),
    says: /lead nowhere: 62\.2\.2\.10\/32/,
  },
  { id: "R10", when: "a host has no way out", broken: withoutRoute("h1", "::/0"), says: /no IPv6 default route/ },
  {
    id: "R10",
    when: "one gateway is not used",
    broken: on("h1", "routes", (all) => all.map((route) => (route.prefix === "0.0.0.0/0" ? { ...route, via: ["192.168.100.1"] } : route))),
    says: /not to gw2/,
    verdict: "warning",
  },
  {
    id: "R11",
    when: "a peer is of another AS",
    broken: sessions("rr1", (one) => (one.name === "host:h1" ? { ...one, established: false, info: "Idle; BGP Error: Bad peer AS" } : one)),
    says: /host:h1: 192\.168\.100\.11 is not of AS 64512/,
    also: ["R13"],
  },
  {
    id: "R11",
    when: "an AS number is nobody's",
    broken: file({ fabric: { ...WELL.fabric, asn: 64500 } }),
    says: /for documentation/,
    verdict: "warning",
  },
  {
    id: "R12",
    when: "there is one reflector",
    broken: file({ reflectors: [WELL.reflectors[0]] }),
    says: /only one, so no redundancy/,
    verdict: "warning",
  },
  {
    id: "R13",
    when: "a session is down",
    broken: sessions("rr2", (one) =>
      one.name === "host:h2" ? { ...one, established: false, info: "Active; Socket: No route to host" } : one,
    ),
    says: /the session with h2 \(192\.168\.100\.12\) is down: Active; Socket: No route to host/,
  },
  {
    id: "R13",
    when: "BIRD does not know of a neighbour",
    broken: on("rr1", "bird", (bird) => ({ ...bird, sessions: bird.sessions.slice(1) })),
    says: /no session with/,
  },
  { id: "R13", when: "BIRD has ended", broken: on("h1", "processes", () => ["margay agent"]), says: /BIRD does not run/ },
  {
    id: "R14",
    when: "a session has no limit",
    broken: channels("rr1", { import_limit: undefined }),
    says: /any number/,
    verdict: "warning",
  },
  {
    id: "R14",
    when: "a host is near its limit",
    broken: channels("rr1", { imported: 9000 }),
    says: /9000 of at most 10000/,
    verdict: "warning",
  },
  { id: "R15", when: "a session takes everything", broken: channels("h1", { input_filter: "ACCEPT" }), says: /takes everything/ },
  { id: "R15", when: "a session tells everything", broken: channels("gw1", { output_filter: "ACCEPT" }), says: /tells everything/ },
  {
    id: "R16",
    when: "nobody is watched",
    broken: on("rr1", "bird", (bird) => ({ ...bird, bfd: [] })),
    says: /rr1: BFD is declared, and nobody is watched/,
  },
  {
    id: "R16",
    when: "a gateway is not watched",
    broken: on("rr1", "bird", (bird) => ({ ...bird, bfd: bird.bfd.filter(({ ip }) => ip !== "192.168.100.1") })),
    says: /rr1: gw1 \(192\.168\.100\.1\) is not watched by BFD/,
  },
  {
    id: "R16",
    when: "a hold time is BIRD's own",
    broken: sessions("h1", (one) => ({ ...one, hold: 240 })),
    says: /after 240 s/,
    verdict: "warning",
  },
  {
    id: "R16",
    when: "BFD does not come up",
    broken: on("h1", "bird", (bird) => ({ ...bird, bfd: [{ ip: "192.168.100.5", interface: "fab0", state: "Down" }] })),
    says: /BFD with 192\.168\.100\.5 is Down/,
  },
  {
    id: "R17",
    when: "a peer drops routes at once",
    broken: sessions("gw1", (one) => ({ ...one, graceful_restart: { local: true, neighbour: false } })),
    says: /the peer has no graceful restart/,
    verdict: "warning",
  },
  {
    id: "R17",
    when: "BIRD forgets what the kernel holds",
    broken: on("h1", "processes", () => ["/usr/sbin/bird -f -c /etc/bird/bird.conf"]),
    says: /without -R/,
    verdict: "warning",
  },
  {
    id: "R18",
    when: "the kernel has no room for IPv6 routes",
    broken: sysctls("gw1", { "net/ipv6/route/max_size": "4096" }),
    says: /room for 4096 IPv6 routes/,
  },
  {
    id: "R19",
    when: "families choose gateways differently",
    broken: sysctls("h1", { "net/ipv4/fib_multipath_hash_policy": "1" }),
    says: /policy 1 in IPv4, 0 in IPv6/,
    verdict: "warning",
  },
  {
    id: "R20",
    when: "the older host wins",
    broken: hears("gw1", { prefix: "62.2.2.10/32", best: false, next_hop: "192.168.100.11", local_pref: 998_990 }),
    says: /a path of preference 998976 is taken, and one of 998990 is there/,
  },
  {
    id: "R20",
    when: "a router has dropped the preference",
    broken: heard("h2", (route) => ({ ...route, local_pref: 100 })),
    says: /without its host's preference/,
    verdict: "warning",
  },
];
