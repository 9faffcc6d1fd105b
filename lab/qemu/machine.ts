/**
 * A VM as a QEMU process in its host's namespace, with real taps there. It is started like every service of the lab, so that whatever
 * becomes of the command that started it, `margay lab down` finds it.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lastWords } from "../margay.ts";
import { machineNetns } from "../place.ts";
import type { Lab } from "../place.ts";
import { runningService, startService, stopService } from "../service.ts";
import type { Vm } from "../vm-record.ts";
import { until } from "../wait.ts";
import { initramfs } from "./initramfs.ts";
import { kernel } from "./kernel.ts";
import { qmp } from "./qmp.ts";
import type { Qmp } from "./qmp.ts";

const PROGRAM = "/usr/bin/qemu-system-x86_64";
/** Of memory: less, and the kernel finds no room for what it unpacks. */
const MEGABYTES = 128;
/** What it translates, where there is no KVM: else it would keep up to a gigabyte of that. */
const TRANSLATED_MEGABYTES = 64;
/** NICs that can be in it at a time: each has a PCI Express port of its own, into which it can be plugged while the VM runs. */
export const PORTS = 8;
/** Nothing is measured or guessed at the start that is known here; `panic=-1` with `-no-reboot` ends a VM that breaks. */
const KERNEL_WORDS =
  "console=ttyS0 quiet loglevel=3 panic=-1 rdinit=/init mitigations=off nokaslr tsc=unstable no_timer_check random.trust_cpu=on";

/** What QEMU listens on: what it is told, what its first serial line shows, what its second is asked. */
export type Door = "qmp" | "console" | "commands";

export function doorOf(lab: Lab, vm: string, door: Door): string {
  return join(homeOf(lab, vm), `${door}.sock`);
}

/** All that its first serial line has shown. */
export function consoleText(lab: Lab, vm: string): string {
  return readFileSync(join(homeOf(lab, vm), "console.log"), "utf8");
}

/** Started and standing still: no NIC, no instruction done. */
export async function startMachine(lab: Lab, vm: Vm): Promise<void> {
  if (process.arch !== "x64") throw new Error(`real VMs are x86_64, and this machine is ${process.arch}`);
  const [home, made] = [homeOf(lab, vm.name), await kernel()];
  mkdirSync(home, { recursive: true });
  const argv = [...words(home), "-kernel", made.image, "-initrd", await initramfs(made), "-append", KERNEL_WORDS];
  startService(lab, { name: serviceOf(vm.name), argv, netns: machineNetns(lab, vm.host) });
  await until({ what: `QEMU to start for ${vm.name}`, timeout: 20_000 }, async () => {
    if (runningService(lab, serviceOf(vm.name)) === undefined) throw new Error(`QEMU has ended: ${lastWords(lab, serviceOf(vm.name))}`);
    return await told(lab, vm.name, async () => undefined).catch((error: Error) => error.message);
  });
}

/** It does not know that it ends. */
export async function endMachine(lab: Lab, vm: string): Promise<void> {
  await stopService(lab, serviceOf(vm));
  rmSync(homeOf(lab, vm), { recursive: true, force: true });
}

/** One conversation with its QEMU. */
export async function told<T>(lab: Lab, vm: string, work: (monitor: Qmp) => Promise<T>): Promise<T> {
  const monitor = await qmp(doorOf(lab, vm, "qmp"));
  try {
    return await work(monitor);
  } finally {
    monitor.close();
  }
}

function serviceOf(vm: string): string {
  return `qemu-${vm}`;
}

function homeOf(lab: Lab, vm: string): string {
  return join(lab.directory, "qemu", vm);
}

function words(home: string): string[] {
  const listen = (door: Door, more = "") => `socket,id=${door},path=${join(home, `${door}.sock`)},server=on,wait=off${more}`;
  const ports = Array.from({ length: PORTS }, (_, at) => ["-device", `pcie-root-port,id=port${at},chassis=${at + 1},slot=${at + 1}`]);
  const given = {
    machine: "q35,usb=off,vmport=off",
    accel: accelerator(),
    cpu: "max",
    smp: "1",
    m: `${MEGABYTES}`,
    display: "none",
  };
  const doors = [
    ["-chardev", listen("console", `,logfile=${join(home, "console.log")}`), "-serial", "chardev:console"],
    ["-chardev", listen("commands"), "-serial", "chardev:commands"],
    ["-chardev", listen("qmp"), "-mon", "chardev=qmp,mode=control"],
  ];
  const options = Object.entries(given).map(([name, value]) => [`-${name}`, value]);
  return [PROGRAM, "-S", "-nodefaults", "-no-reboot", "-no-user-config", ...[...options, ...doors, ...ports].flat()];
}

/** The device may be there though the processor cannot do it: then QEMU would start and stand still. */
function accelerator(): string {
  const can = /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  return can && isOpen("/dev/kvm") ? "kvm" : `tcg,tb-size=${TRANSLATED_MEGABYTES}`;
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
