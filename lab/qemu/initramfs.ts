/** The file system that a real VM boots from, in memory: busybox, the clients and servers of the lab, the kernel's modules, the scripts. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { must } from "../program.ts";
import { cpio } from "./cpio.ts";
import type { Entry } from "./cpio.ts";
import { guestScripts, MODULES } from "./guest-files.ts";
import { CACHE } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";

const BUSYBOX = "/bin/busybox";
/** Each with the libraries that it is linked with. */
const PROGRAMS = { dhclient: "/usr/sbin/dhclient", socat: "/usr/bin/socat", ip: "/usr/sbin/ip" } as const;

/** Its path; the same for all VMs that are made of the same. It is not compressed: unpacking would cost more than reading. */
export async function initramfs(kernel: Kernel): Promise<string> {
  if (readFileSync(BUSYBOX).includes("/ld-linux")) throw new Error(`${BUSYBOX} needs libraries: install busybox-static`);
  const archive = cpio(await entries(kernel));
  const path = join(CACHE, `initramfs-${createHash("sha256").update(archive).digest("hex").slice(0, 16)}.cpio`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, archive);
  renameSync(fresh, path);
  return path;
}

async function entries(kernel: Kernel): Promise<readonly Entry[]> {
  const modules = MODULES.map((module, at) => fileAt(`lib/modules/${at}.ko`, join(kernel.modules, `${module}.ko`)));
  const programs = Object.entries(PROGRAMS).map(([name, path]) => fileAt(`bin/${name}`, path));
  const libraries = new Set((await Promise.all(Object.values(PROGRAMS).map(librariesOf))).flat());
  const known = new Set(guestScripts().map(({ path }) => path));
  const homes = [...new Set([...libraries].flatMap((path) => parents(path.slice(1))))].filter((path) => !known.has(path));
  return [
    ...guestScripts(),
    ...homes.toSorted().map((path) => ({ path })),
    fileAt("bin/busybox", BUSYBOX),
    ...programs,
    ...modules,
    ...[...libraries].map((path) => fileAt(path.slice(1), path)),
  ];
}

function fileAt(path: string, source: string): Entry {
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
