/** A VM that is a Linux of its own: taps are made as Nova's libvirt driver makes them, NICs come and go while it runs. */
import { machineNetns } from "../place.ts";
import type { Lab } from "../place.ts";
import { must } from "../program.ts";
import type { Body, Cable } from "../vm-body.ts";
import type { Nic, Vm } from "../vm-record.ts";
import { until } from "../wait.ts";
import { consoleText, endMachine, PORTS, startMachine, told } from "./machine.ts";

/** Without KVM a VM boots within ten seconds, where two processors have little else to do. */
const BOOT_MS = 90_000;

export const qemuBody: Body = {
  make: startMachine,
  plug: async (lab, vm, cable) => {
    await makeTap(lab, vm, cable);
    await told(lab, vm.name, async ({ tell }) => {
      const { dev, mac, tap } = cable.nic;
      const port = Number(dev.replace("eth", "")) % PORTS;
      await tell("netdev_add", { type: "tap", id: `net-${dev}`, ifname: tap, script: "no", downscript: "no" });
      await tell("device_add", { driver: "virtio-net-pci", id: dev, bus: `port${port}`, netdev: `net-${dev}`, mac, host_mtu: cable.mtu });
    });
  },
  boot: async (lab, vm, nic) => {
    // It runs from its first NIC on.
    await told(lab, vm.name, ({ tell }) => tell("cont", {}));
    const what = `${vm.name} to get its addresses on ${nic.dev}`;
    await until({ what, timeout: BOOT_MS, every: 100 }, () => missing(consoleText(lab, vm.name), nic));
  },
  forget: pull,
  end: (lab, vm) => endMachine(lab, vm.name),
};

/** `nova.privsep.linux_net.create_tap_dev`: a lasting tap, of which the VM's process opens the other end. */
async function makeTap(lab: Lab, vm: Vm, { nic, tapMac, mtu }: Cable): Promise<void> {
  const commands = [
    `tuntap add dev ${nic.tap} mode tap`,
    `link set dev ${nic.tap} address ${tapMac}`,
    `link set dev ${nic.tap} up`,
    `link set dev ${nic.tap} mtu ${mtu}`,
  ];
  await must(["ip", "-n", machineNetns(lab, vm.host), "-batch", "-"], { input: commands.map((command) => `${command}\n`).join("") });
}

/** The guest lets go of it first, and says so to QEMU. Of a VM that has ended there is nothing to be let go. */
async function pull(lab: Lab, vm: Vm, { dev }: Nic): Promise<void> {
  const monitor = told(lab, vm.name, async ({ tell, until: said }) => {
    await tell("device_del", { id: dev });
    await said("DEVICE_DELETED", dev, 30_000);
    await tell("netdev_del", { id: `net-${dev}` });
  });
  await monitor.catch((error: Error) => {
    if (!/ENOENT|ECONNREFUSED|has ended|not found/.test(error.message)) throw error;
  });
}

/** By what the guest says of the NIC with this MAC, last; its own name for it may be another than ours. */
function missing(said: string, { mac, addresses }: Nic): string | undefined {
  const line = said.split("\n").findLast((one) => one.startsWith(`margay: nic ${mac} `));
  if (line === undefined)
    return said.includes("margay: up") ? "it has not found the NIC" : `it has not booted: ${said.trim().split("\n").at(-1)}`;
  const words = line.trim().split(" ");
  const lacking = addresses.filter((ip) => !words.includes(ip));
  if (lacking.length > 0) return `${lacking.join(" and ")} not there`;
  return addresses.some((ip) => ip.includes(":")) && words.includes("router6=none") ? "no router has advertised itself" : undefined;
}
