/** What happens to taps in a lab, whatever the cloud knows of it; and who takes what is not his. */
import { randomUUID } from "node:crypto";
import { chosenMac, hostSideMac, linkLocal, readMac } from "#core/net/mac.ts";
import type { Ip } from "#core/net/address.ts";
import { ask } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { createGuest } from "#lab/guest.ts";
import { kernelRoutes } from "#lab/kernel-routes.ts";
import { mtuOf } from "#lab/nova.ts";
import { vmNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { must } from "#lab/program.ts";
import { serveTcp } from "#lab/serve.ts";
import { makeTap, removeTap, setTap, standIn } from "#lab/tap.ts";
import { replugVm } from "#lab/vm.ts";
import { readVm, writeVm } from "#lab/vm-record.ts";
import type { Cast } from "./cast.ts";
import { boot, personOf, unbooted } from "./real-world-boot.ts";
import type { Change } from "./story.ts";

/** False: it is no affair of taps. */
export async function actOnTap(lab: Lab, cast: Cast, change: Change): Promise<boolean> {
  const tapOf = (name: string) => cast.taps.get(name) ?? name;
  switch (change.do) {
    case "plug":
      await plug(lab, cast, change);
      return true;
    case "unplug":
      await removeTap(lab, { host: change.host, name: tapOf(change.name) });
      return true;
    case "up":
    case "down":
      await setTap(lab, { host: change.host, name: tapOf(change.name) }, change.do);
      return true;
    case "flap": {
      const flapping = Array.from({ length: change.times }, () => ["down", "up"]).flat();
      await setTap(lab, { host: change.host, name: tapOf(change.name) }, ...flapping);
      return true;
    }
    case "rename":
      await setTap(lab, { host: change.host, name: tapOf(change.from) }, `name ${tapOf(change.to)}`);
      return true;
    case "stray":
      await cast.play(change);
      await stray(lab, change);
      return true;
    case "claim":
      await cast.play(change);
      await readdress(vmNetns(lab, change.name), change.address);
      return true;
    default:
      return false;
  }
}

/** The tap of its VM comes back; of a port that has come to another host, with a VM; of one that is elsewhere, with nobody behind it yet. */
async function plug(lab: Lab, cast: Cast, { name, host }: { readonly name: string; readonly host: string }): Promise<void> {
  const [person, vm] = [personOf(cast, name), readVm(lab, name)];
  if (vm?.host === host && vm.nics.some(({ tap }) => tap === person.tap)) return replugVm(lab, name, person.tap);
  if (person.host === host) {
    await unbooted(lab, cast, name);
    return boot(lab, cast, name);
  }
  const { port } = await ask<{ port: CloudPort }>(lab, { method: "GET", path: `/v2.0/ports/${person.id}` });
  const mac = readMac(port.mac_address);
  if (mac === undefined) throw new Error(`port ${person.id}: ${port.mac_address} is no MAC`);
  await standIn(lab, { host, name: person.tap, mac: hostSideMac(mac), mtu: await mtuOf(lab, person.id) }, mac);
}

/** Whoever is behind the tap takes the address, in place of his own of IPv4. */
async function readdress(netns: string, address: string): Promise<void> {
  const gateway = (await kernelRoutes(netns, 4, "eth0")).find(({ dst }) => dst === "default")?.gateway;
  const lines = ["addr flush dev eth0", `addr add ${address}/32 dev eth0`, `route replace default via ${gateway} dev eth0 onlink`];
  for (const line of lines) await must(["ip", "-4", "-n", netns, ...line.split(" ")]);
}

/** Behind it somebody who takes these addresses, and the host for his router. */
async function stray(lab: Lab, { stray: name, host, addresses }: Extract<Change, { do: "stray" }>): Promise<void> {
  const mac = chosenMac(0xff0000 + name.charCodeAt(0));
  const tap = { host, name: `tapstray-${name}`, mac: hostSideMac(mac), mtu: 1500 };
  const nic = {
    dev: "eth0",
    network: "none",
    port_id: randomUUID(),
    mac,
    tap: tap.name,
    addresses: addresses as readonly Ip[],
    keep: true,
  };
  const vm = { name, id: randomUUID(), host, body: "namespace" as const, nics: [nic] };
  writeVm(lab, vm);
  await createGuest(lab, vm);
  const netns = vmNetns(lab, name);
  await makeTap(lab, tap, { netns, dev: nic.dev, mac });
  await setTap(lab, tap, "up");
  const six = addresses.some((address) => address.includes(":"));
  const lines = [
    "link set eth0 up",
    ...addresses.map((address) => `addr add ${address}/${address.includes(":") ? "128 nodad" : "32"} dev eth0`),
    `neigh replace 169.254.1.1 lladdr ${tap.mac} dev eth0 nud permanent`,
    "route add default via 169.254.1.1 dev eth0 onlink",
    ...(six ? [`-6 route add default via ${linkLocal(tap.mac)} dev eth0`] : []),
  ];
  for (const line of lines) await must(["ip", "-n", netns, ...line.split(" ")]);
  serveTcp(netns);
}
