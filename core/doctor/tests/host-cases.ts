/** What breaks each check of the hosts, and how it says so. */
import { on, inCloud, sysctls, link, address, addLink, changeLink, addChain } from "./breaks.ts";
import type { Case } from "./breaks.ts";

export const HOST_CASES: readonly Case[] = [
  {
    id: "H1",
    when: "an uplink's filter is strict",
    broken: sysctls("h1", { "net/ipv4/conf/fab0/rp_filter": "1" }),
    says: /rp_filter of fab0 is 1/,
  },
  { id: "H2", when: "nothing is forwarded", broken: sysctls("gw1", { "net/ipv4/ip_forward": "0" }), says: /net\.ipv4\.ip_forward is 0/ },
  {
    id: "H2",
    when: "a default route by advertisements runs out",
    broken: (facts) =>
      sysctls("h1", { "net/ipv6/conf/fab0/accept_ra": "1" })(
        on("h1", "routes", (all) => all.map((one) => (one.prefix === "::/0" ? { ...one, protocol: "ra" } : one)))(facts),
      ),
    says: /it runs out/,
  },
  {
    id: "H3",
    when: "there are more machines than neighbours may be",
    broken: on("h1", "kernel", (all) => ({ ...all, neighbours: { ...all.neighbours, "4": { thresholds: [1, 2, 3], full: 0 } } })),
    says: /gc_thresh3 of IPv4 is 3/,
  },
  {
    id: "H3",
    when: "the table was full",
    broken: on("h1", "kernel", (all) => ({ ...all, neighbours: { ...all.neighbours, "6": { ...all.neighbours["6"], full: 12 } } })),
    says: /was full 12 times/,
    verdict: "warning",
  },
  {
    id: "H4",
    when: "Docker's forward chain drops",
    broken: addChain("h1", { name: "FORWARD", hook: "forward", type: "filter", policy: "drop", priority: 0 }),
    says: /ip other FORWARD \(forward 0\) drops what it does not know/,
  },
  { id: "H4", when: "nothing filters", broken: on("h2", "filter", (filter) => ({ ...filter, chains: [] })), says: /nothing is filtered/ },
  {
    id: "H4",
    when: "the old iptables is in use",
    broken: on("h2", "filter", (filter) => ({ ...filter, legacy: ["filter"] })),
    says: /has a table filter/,
    verdict: "warning",
  },
  {
    id: "H5",
    when: "a Neutron agent runs",
    broken: on("h1", "processes", (all) => [
      ...all,
      "/usr/bin/python3 /usr/bin/neutron-linuxbridge-agent --config-file=/etc/neutron/neutron.conf",
    ]),
    says: /neutron-linuxbridge-agent/,
  },
  {
    id: "H5",
    when: "a bridge of Open vSwitch is left",
    broken: addLink("h2", link("br-int", { kind: "openvswitch" })),
    says: /the openvswitch br-int is there/,
    verdict: "warning",
  },
  {
    id: "H6",
    when: "ARP is not answered on taps",
    broken: sysctls("h1", { "net/ipv4/conf/all/arp_ignore": "1" }),
    says: /arp_ignore of all is 1/,
  },
  { id: "H6", when: "a gateway address is missing", broken: changeLink("h1", "margay0", { addresses: [] }), says: /is not on margay0/ },
  {
    id: "H7",
    when: "the fabric is narrower than the networks",
    broken: changeLink("h1", "fab0", { mtu: 1400 }),
    says: /fab0 has MTU 1400, and VMs send 1500/,
  },
  {
    id: "H7",
    when: "a switch on the way drops large packets",
    broken: on("h1", "paths", (all) => all.map((one) => ({ ...one, arrived: false, says: "no answer" }))),
    says: /1500 bytes in one piece do not get to gw1/,
  },
  {
    id: "H8",
    when: "a tap reaches the host's loopback",
    broken: sysctls("h1", { "net/ipv4/conf/tap1/route_localnet": "1" }),
    says: /route_localnet of tap1 is 1/,
  },
  {
    id: "H8",
    when: "nobody answers for metadata",
    broken: on("h1", "agent", (agent) => ({ ...agent, metadata: { doors: { "169.254.169.254": "address in use" }, nova: "answers" } })),
    says: /169\.254\.169\.254: address in use/,
  },
  {
    id: "H9",
    when: "a VM's advertisements are believed",
    broken: sysctls("h1", { "net/ipv6/conf/tap1/accept_ra": "2" }),
    says: /tap1 believes router advertisements/,
  },
  {
    id: "H9",
    when: "an address is somebody else's too",
    broken: changeLink("h1", "fab0", { addresses: [address("fd00:f::11", true)] }),
    says: /fd00:f::11 on fab0: somebody else has it/,
  },
  { id: "H9", when: "IPv6 is off", broken: sysctls("h2", { "net/ipv6/conf/all/disable_ipv6": "1" }), says: /IPv6 is off on all/ },
  {
    id: "H10",
    when: "a card merges packets",
    broken: on("gw1", "offloads", () => ({ wan0: { "large-receive-offload": "on" } })),
    says: /wan0 merges packets/,
  },
  {
    id: "H11",
    when: "ports are bound to a name that nobody declared",
    broken: inCloud({ hosts: [{ host: "h1.example", ports: 3 }] }),
    says: /3 ports bound to h1\.example/,
  },
  {
    id: "H11",
    when: "the machine calls itself otherwise",
    broken: on("h1", "hostname", () => "compute-01"),
    says: /calls itself compute-01/,
    verdict: "warning",
  },
  { id: "H12", when: "a clock is wrong", broken: on("h1", "ahead", () => -40), says: /40 s behind the controller/ },
  {
    id: "H12",
    when: "the kernel is old",
    broken: on("gw1", "kernel", (all) => ({ ...all, release: "4.19.0-27-amd64" })),
    says: /Linux 4\.19/,
  },
];
