/**
 * A VM that moves while it runs, in place of QEMU's: one namespace with a NIC behind the tap of each host, of which one is up at a
 * time. So its sockets live on, as a migrated VM's do. It is cut off from the one host and shows its first signs of life on the other
 * in one go: gratuitous ARP and an unsolicited neighbour advertisement from its kernel, as virtio guests send them, then QEMU's reverse ARP.
 */
import { familyOf, widthOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { hostSideMac, linkLocal, readMac } from "#core/net/mac.ts";
import type { Mac } from "#core/net/mac.ts";
import { announcement, reverseArp, sendFrame } from "./announce.ts";
import { furnish, withoutDad } from "./build.ts";
import type { CloudPort } from "./cloud.ts";
import { tapOf } from "./nova.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { must, run } from "./program.ts";

export interface MovingGuest {
  readonly netns: string;
  /** Makes its tap on this host. There, it does not run yet. */
  plug(host: string): Promise<void>;
  /** It stops where it runs, and goes on here. */
  run(host: string): Promise<void>;
  /** It has this address as well, for itself. */
  accept(ip: Ip): Promise<void>;
  /** It says to everybody that the address is its own. */
  announce(ip: Ip): Promise<void>;
  /** It hears and says nothing any more. */
  fall(): Promise<void>;
  /** Takes its tap away. */
  unplug(host: string): Promise<void>;
  end(): Promise<void>;
}

/** No address of any subnet is on-link: this one stands for the router. */
const ROUTER = "169.254.1.1";

export async function movingGuest(lab: Lab, port: CloudPort, name = "guest"): Promise<MovingGuest> {
  const netns = machineNetns(lab, name);
  const mac = readMac(port.mac_address);
  if (mac === undefined) throw new Error(`port ${port.id} has the MAC ${port.mac_address}`);
  const tap = tapOf(port.id);
  // What the API tells is written as we write addresses.
  const ips = port.fixed_ips.map(({ ip_address: ip }) => ip as Ip);
  const end = async () => void (await run(["ip", "netns", "del", netns]));
  await end();
  await must(["ip", "netns", "add", netns]);
  await furnish(netns, [...withoutDad(), "net.ipv4.conf.default.arp_notify=1", "net.ipv6.conf.default.ndisc_notify=1"], ["link set lo up"]);
  let there: string | undefined;
  return {
    netns,
    plug: async (host) => {
      const at = machineNetns(lab, host);
      const pair = `link add ${tap} netns ${at} address ${hostSideMac(mac)} type veth peer name ${host} netns ${netns} address ${mac}`;
      await must(["ip", "-batch", "-"], { input: `${pair}\n` });
      await must(["ip", "-n", at, "link", "set", tap, "up"]);
    },
    run: async (host) => {
      const commands = [...(there === undefined ? [] : off(there, ips)), ...on(host, { mac, ips })];
      // IPv6 addresses go with their link by themselves: to delete them fails then.
      await run(["ip", "-force", "-n", netns, "-batch", "-"], { input: commands.join("\n").concat("\n") });
      there = host;
      await sendFrame(netns, host, reverseArp(mac));
    },
    accept: async (ip) => void (await must(["ip", "-n", netns, "addr", "add", `${ip}/${widthOf(familyOf(ip))}`, "dev", "lo"])),
    announce: (ip) => sendFrame(netns, String(there), announcement(mac, ip)),
    fall: async () => void (await must(["ip", "-n", netns, "link", "set", String(there), "down"])),
    unplug: async (host) => void (await run(["ip", "-n", machineNetns(lab, host), "link", "del", tap])),
    end,
  };
}

function off(dev: string, ips: readonly Ip[]): readonly string[] {
  return [`link set ${dev} down`, ...ips.map((ip) => `addr del ${ip}/${widthOf(familyOf(ip))} dev ${dev}`)];
}

/** Addresses first, so that the kernel has something to announce when the link is up. */
function on(dev: string, { mac, ips }: { readonly mac: Mac; readonly ips: readonly Ip[] }): readonly string[] {
  const router = hostSideMac(mac);
  const neighbours = [ROUTER, linkLocal(router)].map((ip) => `neigh replace ${ip} lladdr ${router} dev ${dev} nud permanent`);
  return [
    ...ips.map((ip) => `addr add ${ip}/${widthOf(familyOf(ip))} dev ${dev}`),
    `link set ${dev} up`,
    ...neighbours,
    `route replace default via ${ROUTER} dev ${dev} onlink`,
    `route replace default via ${linkLocal(router)} dev ${dev}`,
  ];
}
