/** The guests' DHCP clients: busybox's udhcpc for IPv4, ISC's dhclient for IPv6, each with the script that a cloud image would give it. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { familyOf } from "#core/net/address.ts";
import { vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { inside, run } from "./program.ts";
import type { Nic, Vm } from "./vm-record.ts";

/** Metric of the first NIC's routes, in both families; further NICs come after it. */
export const FIRST_METRIC = 1024;

export interface Clients {
  /** Resolves when the IPv4 client has dealt with its lease, or given up. */
  readonly leased: Promise<unknown>;
  /** Ends those that still ask. */
  end(): void;
}

export function askByDhcp(lab: Lab, vm: Vm, nic: Nic): Clients {
  const netns = vmNetns(lab, vm.name);
  const home = join(lab.directory, "guest", vm.name);
  mkdirSync(home, { recursive: true });
  const ended = new AbortController();
  const start = (argv: readonly string[]) => run(inside(netns, argv), { timeout: 20_000, signal: ended.signal });
  const wants = (family: 4 | 6) => nic.addresses.some((ip) => familyOf(ip) === family);

  const six = ["-sf", script(home, "dhclient.sh", DHCLIENT), ...filesOf(lab, vm, nic)];
  const four = ["-f", "-q", "-n", "-t", "15", "-T", "1", "-O", "staticroutes", "-s", script(home, "udhcpc.sh", UDHCPC), "-i", nic.dev];
  // A DUID that follows from the MAC: the server takes another for another client, and has no address left for it.
  // With SLAAC nobody answers dhclient, and `end` ends it; with a lease it goes to the background and renews.
  if (wants(6)) void start(["dhclient", "-6", "-1", "-q", "-D", "LL", ...six, nic.dev]);
  return { leased: wants(4) ? start(["udhcpc", ...four]) : Promise.resolve(), end: () => ended.abort() };
}

/** Ends the client that renews the NIC's lease; it gives nothing back, as when a cable is pulled. */
export async function forgetLease(lab: Lab, vm: Vm, nic: Nic): Promise<void> {
  await run(inside(vmNetns(lab, vm.name), ["dhclient", "-6", "-x", "-q", ...filesOf(lab, vm, nic), nic.dev]));
}

/** A NIC of another MAC is another client, also where the guest calls it by the same name. */
function filesOf(lab: Lab, vm: Vm, { mac }: Nic): string[] {
  const at = join(lab.directory, "guest", vm.name, mac.replaceAll(":", ""));
  return ["-lf", `${at}.leases`, "-pf", `${at}.pid`];
}

/** RFC 3442: classless routes, where there are some, stand in for the router option; what is by way of 0.0.0.0 is on the link. */
const UDHCPC = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
metric=$((${FIRST_METRIC} + \${interface#eth}))
ip addr replace "$ip/$mask" dev "$interface" metric $metric
set -- \${staticroutes:-0.0.0.0/0 \${router%% *}}
while [ $# -ge 2 ]; do
  [ "$2" = 0.0.0.0 ] && way= || way="via $2 onlink"
  ip route replace "$1" $way dev "$interface" metric $metric
  shift 2
done
`;

/** RFC 8415, 18.2.10.1: an address from DHCPv6 says nothing about what is on-link. */
const DHCLIENT = `#!/bin/sh
case "$reason" in
BOUND6 | RENEW6 | REBIND6) ip -6 addr replace "$new_ip6_address/128" dev "$interface" ;;
esac
`;

function script(home: string, name: string, text: string): string {
  const path = join(home, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}
