/** What VMs boot from, in memory: for a VM of the lab busybox, its clients and servers, the kernel's modules, the scripts. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { must } from "../program.ts";
import { cpio } from "./cpio.ts";
import type { Entry } from "./cpio.ts";
import { guestScripts, MODULES } from "./guest-files.ts";
import { CACHE } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";
import { modulesNamed } from "./modules.ts";

const BUSYBOX = "/bin/busybox";
/** Each with the libraries that it is linked with. */
const PROGRAMS = { dhclient: "/usr/sbin/dhclient", socat: "/usr/bin/socat", ip: "/usr/sbin/ip" } as const;

/** Its path; the same for all VMs of the lab that are made of the same. */
export async function initramfs(kernel: Kernel): Promise<string> {
  const programs = Object.entries(PROGRAMS).map(([name, path]) => fileAt(`bin/${name}`, path));
  const libraries = new Set((await Promise.all(Object.values(PROGRAMS).map(librariesOf))).flat());
  const known = new Set(guestScripts().map(({ path }) => path));
  const homes = [...new Set([...libraries].flatMap((path) => parents(path.slice(1))))].filter((path) => !known.has(path));
  return stored([
    ...guestScripts(),
    ...homes.toSorted().map((path) => ({ path })),
    busybox(),
    ...programs,
    ...moduleFiles(kernel, MODULES),
    ...[...libraries].map((path) => fileAt(path.slice(1), path)),
  ]);
}

/** The path of an archive of these, by their digest. It is not compressed: unpacking would cost more than reading. */
export function stored(entries: readonly Entry[]): string {
  const archive = cpio(entries);
  const path = join(CACHE, `initramfs-${createHash("sha256").update(archive).digest("hex").slice(0, 16)}.cpio`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, archive);
  renameSync(fresh, path);
  return path;
}

/** `bin/busybox` */
export function busybox(): Entry {
  const entry = fileAt("bin/busybox", BUSYBOX);
  if (Buffer.from(entry.content).includes("/ld-linux")) throw new Error(`${BUSYBOX} needs libraries: install busybox-static`);
  return entry;
}

/** These, and those that they need, under names that sort in the order in which they are to be loaded: `lib/modules/00.ko`. */
export function moduleFiles(kernel: Kernel, names: readonly string[]): readonly Entry[] {
  return modulesNamed(kernel, names).map((path, at) => fileAt(`lib/modules/${`${at}`.padStart(2, "0")}.ko`, path));
}

function fileAt(path: string, source: string): Entry & { readonly content: Buffer } {
  return { path, content: readFileSync(source) };
}

async function librariesOf(program: string): Promise<string[]> {
  return (await must(["ldd", program])).match(/\/\S+\.so\S*/g) ?? [];
}

/** `lib`, `lib/x86_64-linux-gnu` */
function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [...parents(parent), parent];
}
