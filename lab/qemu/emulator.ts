/** What every QEMU of the lab is told: the machine that it is, and how what it boots begins. */
import { accessSync, constants, readFileSync } from "node:fs";

const PROGRAM = "/usr/bin/qemu-system-x86_64";
/** Nothing is measured or guessed at the start that is known here; `panic=-1` with `-no-reboot` ends a VM that breaks. */
const KERNEL_WORDS = "console=ttyS0 quiet loglevel=3 panic=-1 rdinit=/init mitigations=off nokaslr no_timer_check random.trust_cpu=on";

export interface Machine {
  readonly processors: number;
  readonly megabytes: number;
  /** Of instructions that it has translated, where there is no KVM: else it would keep up to a gigabyte of them. */
  readonly translatedMegabytes: number;
  /**
   * Its clock counts the instructions that it has done, `1 << shift` nanoseconds each: whatever takes so long takes so long each time.
   * It has one processor then, and no KVM.
   */
  readonly shift?: number;
  /** Files that it boots from. */
  readonly kernel: string;
  readonly initramfs: string;
  /** For its kernel; `NAME=VALUE` is in the environment of its `/init`. */
  readonly words?: readonly string[];
}

/** Its command line. Throws where there is none. */
export function emulator({ processors, megabytes, translatedMegabytes, shift, kernel, initramfs, words = [] }: Machine): string[] {
  if (process.arch !== "x64") throw new Error(`real VMs are x86_64, and this machine is ${process.arch}`);
  const kvm = shift === undefined && hasKvm();
  const given = {
    machine: "q35,usb=off,vmport=off",
    accel: kvm ? "kvm" : `tcg,tb-size=${translatedMegabytes}`,
    // The instruction that copies bytes is emulated byte by byte; where it is not said to be fast, Linux copies eight at a time.
    cpu: kvm ? "max" : "max,erms=off,fsrm=off",
    smp: `${processors}`,
    m: `${megabytes}`,
    display: "none",
    kernel,
    initrd: initramfs,
    // How fast the processor's own counter goes would be measured, which is exact where it counts instructions.
    append: [KERNEL_WORDS, `tsc=${shift === undefined ? "unstable" : "reliable"}`, ...words].join(" "),
    ...(shift !== undefined && { icount: `shift=${shift}` }),
  };
  const options = Object.entries(given).flatMap(([name, value]) => [`-${name}`, value]);
  return [PROGRAM, "-nodefaults", "-no-reboot", "-no-user-config", ...options];
}

/** The device may be there though the processor cannot do it: then QEMU would start and stand still. */
function hasKvm(): boolean {
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8")) && isOpen("/dev/kvm");
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
