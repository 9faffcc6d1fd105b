/**
 * A VM as a QEMU process in its host's namespace, with real taps there. It is started like every service of the lab, so that whatever
 * becomes of the command that started it, `margay lab down` finds it.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lastWords } from "../margay.ts";
import { machineNetns } from "../place.ts";
import type { Lab } from "../place.ts";
import { runningService, startService, stopService } from "../service.ts";
import type { Vm } from "../vm-record.ts";
import { until } from "../wait.ts";
import { emulator } from "./emulator.ts";
import { initramfs } from "./initramfs.ts";
import { kernel } from "./kernel.ts";
import { qmp } from "./qmp.ts";
import type { Qmp } from "./qmp.ts";

/** Less, and the kernel finds no room for what it unpacks. */
const MEGABYTES = 128;
const TRANSLATED_MEGABYTES = 64;
/** NICs that can be in it at a time: each has a PCI Express port of its own, into which it can be plugged while the VM runs. */
export const PORTS = 8;
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
  const [home, made] = [homeOf(lab, vm.name), await kernel()];
  mkdirSync(home, { recursive: true });
  const size = { processors: 1, megabytes: MEGABYTES, translatedMegabytes: TRANSLATED_MEGABYTES };
  const argv = [...emulator({ ...size, kernel: made.image, initramfs: await initramfs(made) }), "-S", ...devices(home)];
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

function devices(home: string): string[] {
  const listen = (door: Door, more = "") => `socket,id=${door},path=${join(home, `${door}.sock`)},server=on,wait=off${more}`;
  const ports = Array.from({ length: PORTS }, (_, at) => ["-device", `pcie-root-port,id=port${at},chassis=${at + 1},slot=${at + 1}`]);
  const doors = [
    ["-chardev", listen("console", `,logfile=${join(home, "console.log")}`), "-serial", "chardev:console"],
    ["-chardev", listen("commands"), "-serial", "chardev:commands"],
    ["-chardev", listen("qmp"), "-mon", "chardev=qmp,mode=control"],
  ];
  return [...doors, ...ports].flat();
}
