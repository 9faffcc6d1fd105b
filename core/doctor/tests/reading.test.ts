/** What programs print, as BIRD 2.0.12, nftables 1.0.6 and iproute2 6.1 print it, and what is read in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readPrefixes } from "../../birdc/answers.ts";
import { readBfd, readRoutes, readSessions } from "../bird-facts.ts";
import { readRuleset } from "../filter-facts.ts";
import {
  readCounters,
  readIni,
  readKernel,
  readKernelRoutes,
  readLinks,
  readNeighbours,
  readOffloads,
  readSysctls,
} from "../kernel-facts.ts";

const PROTOCOLS = `BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
device1    Device     ---        up     14:04:16.949  

kernel4    Kernel     master4    up     14:04:16.949  
  Channel ipv4
    State:          UP
    Input filter:   ACCEPT

host:h1    BGP        ---        up     14:04:18.187  Established   
  BGP state:          Established
    Neighbor address: 192.168.100.11
    Neighbor AS:      64512
    Local AS:         64512
    Local capabilities
      Multiprotocol
        AF announced: ipv4 ipv6
      Graceful restart
        Restart time: 30
      ADD-PATH
        RX: ipv4 ipv6
        TX: ipv4 ipv6
    Neighbor capabilities
      Multiprotocol
        AF announced: ipv4 ipv6
      ADD-PATH
        RX: ipv4 ipv6
        TX:
    Session:          internal route-reflector AS4
    Hold timer:       20.085/30
  Channel ipv4
    State:          UP
    Input filter:   (unnamed)
    Output filter:  (unnamed)
    Import limit:   10000
      Action:       block
    Routes:         7 imported, 6 exported, 0 preferred
    Route change stats:     received   rejected   filtered    ignored   accepted
      Import updates:             12          1          4          0          7
  Channel ipv6
    State:          UP
    Input filter:   ACCEPT
    Output filter:  REJECT
    Routes:         0 imported, 6 exported, 0 preferred

upstream4  BGP        ---        start  14:10:00.000  Active        Socket: Connection refused
  BGP state:          Active
    Neighbor address: fe80::1%eth0
    Neighbor AS:      64496
    Local AS:         64512
    Last error:       Socket: Connection refused
`;

test("sessions of BIRD: state, capabilities of each side, timers, and channels with filters, limits and counts", () => {
  const [host, upstream, ...more] = readSessions(PROTOCOLS);
  assert.equal(more.length, 0);
  assert.deepEqual(host, {
    name: "host:h1",
    established: true,
    info: "Established",
    neighbour: "192.168.100.11",
    neighbour_as: 64512,
    local_as: 64512,
    hold: 30,
    graceful_restart: { local: true, neighbour: false },
    add_paths: { takes: true, sends: false },
    channels: [
      { family: 4, input_filter: "(unnamed)", output_filter: "(unnamed)", import_limit: 10_000, imported: 7, filtered: 4 },
      { family: 6, input_filter: "ACCEPT", output_filter: "REJECT", imported: 0, filtered: 0 },
    ],
  });
  assert.deepEqual([upstream?.established, upstream?.neighbour, upstream?.hold], [false, "fe80::1", undefined]);
  assert.match(upstream?.info ?? "", /Active +Socket: Connection refused/);
});

const TABLE = `BIRD 2.0.12 ready.
Table master4:
0.0.0.0/0            unicast [upstream4 14:04:17.609] * (100) [AS64496i]
	via 198.51.100.1 on wan0
	Type: BGP univ
	BGP.next_hop: 198.51.100.1
	BGP.local_pref: 100
10.65.0.0/21         unreachable [internal4 14:04:16.949] * (200)
	Type: static univ
10.65.0.238/32       unicast [reflector:rr1 14:04:25.866 from 192.168.100.5] * (100) [i]
	via 192.168.100.12 on fab0
	Type: BGP univ
	BGP.next_hop: 192.168.100.12
	BGP.local_pref: 998976
                     unicast [reflector:rr2 14:04:25.867 from 192.168.100.6] (100) [i]
	via 192.168.100.12 on fab0
	Type: BGP univ
	BGP.next_hop: 192.168.100.12
	BGP.local_pref: 998970

Table master6:
2001:db8:a41:3:9dbc:943d:c024:c82c/128 unreachable [reflector:rr1 14:04:25.867 from 192.168.100.5] * (100) [i]
	Type: BGP univ
	BGP.next_hop: 2001:db8:a41:f::12 fe80::b460:85ff:fe75:174b

Table assigned4:
10.65.0.238/32-32 AS12  [assigned4 14:04:16.949] * (200)
	Type: static univ
`;

test("routes of BIRD: every path, which one is taken, where it leads and what it prefers", () => {
  assert.deepEqual(
    readRoutes(TABLE).map(({ prefix, protocol, best, to, next_hop, local_pref, bgp }) => [
      prefix,
      protocol,
      best,
      to,
      next_hop,
      local_pref,
      bgp,
    ]),
    [
      ["0.0.0.0/0", "upstream4", true, "unicast", "198.51.100.1", 100, true],
      ["10.65.0.0/21", "internal4", true, "unreachable", undefined, undefined, false],
      ["10.65.0.238/32", "reflector:rr1", true, "unicast", "192.168.100.12", 998_976, true],
      ["10.65.0.238/32", "reflector:rr2", false, "unicast", "192.168.100.12", 998_970, true],
      ["2001:db8:a41:3:9dbc:943d:c024:c82c/128", "reflector:rr1", true, "unreachable", "2001:db8:a41:f::12", undefined, true],
    ],
  );
  assert.deepEqual(readPrefixes(TABLE).length, 4);
});

test("sessions of BFD", () => {
  const text = `BIRD 2.0.12 ready.
bfd1:
IP address                Interface  State      Since         Interval  Timeout
192.168.100.5             fab0       Up         14:04:18.187    0.300    0.900
fe80::1%eth0              eth0       Down       14:04:18.187    1.000    0.000
`;
  assert.deepEqual(readBfd(text), [
    { ip: "192.168.100.5", interface: "fab0", state: "Up" },
    { ip: "fe80::1", interface: "eth0", state: "Down" },
  ]);
  assert.deepEqual(readBfd("BIRD 2.0.12 ready.\nThere is no protocol bfd running\n"), []);
});

const RULESET = JSON.stringify({
  nftables: [
    { metainfo: { version: "1.0.6" } },
    { chain: { family: "ip", table: "nat", name: "POST", handle: 1, type: "nat", hook: "postrouting", prio: 100, policy: "accept" } },
    { chain: { family: "ip", table: "nat", name: "DOCKER", handle: 2 } },
    {
      rule: {
        family: "ip",
        table: "nat",
        chain: "POST",
        handle: 3,
        comment: "4fd5bd3dd065eab1",
        expr: [
          { match: { op: "==", left: { payload: { protocol: "ip", field: "saddr" } }, right: { prefix: { addr: "10.65.0.0", len: 16 } } } },
          {
            match: {
              op: "!=",
              left: { payload: { protocol: "ip", field: "daddr" } },
              right: { set: [{ prefix: { addr: "172.18.208.0", len: 24 } }, "192.0.2.1", { range: ["192.168.100.0", "192.168.102.255"] }] },
            },
          },
          { counter: { packets: 5, bytes: 300 } },
          { snat: { addr: "198.51.100.8" } },
        ],
      },
    },
    { rule: { family: "ip", table: "nat", chain: "POST", handle: 4, expr: [{ xt: { type: "target", name: "MASQUERADE" } }] } },
    { rule: { family: "ip", table: "nat", chain: "DOCKER", handle: 5, expr: [{ reject: null }] } },
  ],
});

test("a ruleset: chains on hooks, which rules end packets, and whose sources are translated", () => {
  const [post, docker] = readRuleset(RULESET) ?? [];
  assert.deepEqual([post?.table, post?.hook, post?.priority, post?.policy], ["ip nat", "postrouting", 100, "accept"]);
  assert.deepEqual(post?.rules, [
    {
      comment: "4fd5bd3dd065eab1",
      ends: false,
      translates: true,
      sources: ["10.65.0.0/16"],
      spares: ["172.18.208.0/24", "192.0.2.1", "192.168.100.0/23", "192.168.102.0/24"],
      packets: 5,
    },
    { ends: false, translates: true, sources: [], spares: [], packets: 0 },
  ]);
  assert.deepEqual([docker?.hook, docker?.rules[0]?.ends], [undefined, true]);
  assert.equal(readRuleset("Error: no such"), undefined);
});

test("links, routes and neighbours of ip -j", () => {
  const links = `[{"ifname":"fab0","flags":["BROADCAST","UP"],"mtu":1500,"linkinfo":{"info_kind":"veth"},
    "addr_info":[{"family":"inet6","local":"fd00::1","prefixlen":64,"dadfailed":true},{"family":"inet","local":"192.0.2.1","prefixlen":24}]}]`;
  assert.deepEqual(readLinks(links), [
    {
      name: "fab0",
      mtu: 1500,
      kind: "veth",
      up: true,
      addresses: [
        { ip: "fd00::1", length: 64, duplicate: true },
        { ip: "192.0.2.1", length: 24, duplicate: false },
      ],
    },
  ]);
  const routes = `[{"dst":"default","protocol":"bird","metric":32,"nexthops":[{"gateway":"192.0.2.1","dev":"fab0"},
    {"via":{"family":"inet6","host":"fe80::1"},"dev":"fab1"}]},
    {"type":"unreachable","dst":"10.65.0.0/21","protocol":"88","metric":1048576},{"dst":"10.65.0.9","dev":"tap1","protocol":"88","metric":1024}]`;
  assert.deepEqual(readKernelRoutes(routes, 4), [
    { prefix: "0.0.0.0/0", type: "unicast", dev: "fab0", via: ["192.0.2.1", "fe80::1"], protocol: "bird", metric: 32 },
    { prefix: "10.65.0.0/21", type: "unreachable", dev: "", via: [], protocol: "88", metric: 1_048_576 },
    { prefix: "10.65.0.9/32", type: "unicast", dev: "tap1", via: [], protocol: "88", metric: 1024 },
  ]);
  assert.deepEqual(readNeighbours(`[{"dst":"192.0.2.9","dev":"fab0","lladdr":"02:00:00:00:00:09","state":["STALE"]}]`), [
    { ip: "192.0.2.9", dev: "fab0", lladdr: "02:00:00:00:00:09", states: ["STALE"] },
  ]);
  assert.deepEqual([readLinks(""), readNeighbours("Usage: ip")], [[], undefined]);
});

test("settings, counters and thresholds of the kernel", () => {
  assert.deepEqual(readSysctls("/proc/sys/net/ipv4/ip_forward:1\n/proc/sys/net/ipv4/conf/eth0.5/rp_filter:2\n"), {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/eth0.5/rp_filter": "2",
  });
  const netstat =
    "TcpExt: SyncookiesSent IPReversePathFilter TCPMD5NotFound TCPMD5Failure TCPMinTTLDrop\nTcpExt: 1 42 3 4 5\nIpExt: InNoRoutes\nIpExt: 7\n";
  const tracking = "entries insert_failed drop early_drop\n10 1 a 0\n10 2 0 3\n";
  assert.deepEqual(readCounters(netstat, tracking), {
    reverse_path_filter: 42,
    conntrack: { drop: 10, insert_failed: 3, early_drop: 3 },
    guarded: { other_password: 4, no_password: 3, unasked_password: 0, far: 5 },
  });
  const sysctls = [1, 2, 3].map((nth) => `/proc/sys/net/ipv4/neigh/default/gc_thresh${nth}:${nth * 100}\n`).join("");
  const arp = "entries table_fulls\n00000010 00000002\n00000010 00000001\n";
  assert.deepEqual(readKernel({ release: "6.1.0\n", sysctls, arp, ndisc: "" }).neighbours["4"], { thresholds: [100, 200, 300], full: 3 });
});

test("offloads of ethtool, settings of an INI file", () => {
  const features = readOffloads("Features for eth0:\nrx-checksumming: on [fixed]\n\ttx-checksum-ipv4: off\nlarge-receive-offload: on\n");
  assert.equal(features["large-receive-offload"], "on");
  assert.equal(features["tx-checksum-ipv4"], "off");
  assert.deepEqual(readIni("vif_plugging_timeout = 0\n[compute]\n# no = 1\nlive_migration_wait_for_vif_plug=False\n"), {
    "DEFAULT.vif_plugging_timeout": "0",
    "compute.live_migration_wait_for_vif_plug": "False",
  });
});
