/**
 * A Linux for VMs: Debian's cloud kernel, unpacked from its package into a cache of this tree. It is never installed, and nothing of
 * how this machine boots is touched.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { must, run } from "../program.ts";

export const CACHE = fileURLToPath(new URL("../../.cache/qemu", import.meta.url));

/** Whose dependency is the newest kernel of its sort. */
const META = "linux-image-cloud-amd64";

export interface Kernel {
  readonly version: string;
  /** The image that QEMU loads. */
  readonly image: string;
  /** Its modules, and the index of them: `…/lib/modules/6.1.0-57-cloud-amd64`. */
  readonly modules: string;
}

/** One that is there already, whichever it is; else the newest that this machine's package sources have. */
export async function kernel(): Promise<Kernel> {
  return cached() ?? (await fetched());
}

function cached(): Kernel | undefined {
  const [found] = existsSync(CACHE) ? readdirSync(CACHE).filter((name) => name.startsWith("linux-image-")) : [];
  return found === undefined ? undefined : kernelIn(join(CACHE, found));
}

function kernelIn(directory: string): Kernel | undefined {
  const [version = ""] = existsSync(join(directory, "lib/modules")) ? readdirSync(join(directory, "lib/modules")) : [];
  const modules = join(directory, "lib/modules", version);
  if (!existsSync(join(modules, "modules.dep"))) return undefined;
  return { version, image: join(directory, "boot", `vmlinuz-${version}`), modules };
}

/** What is being unpacked has another name until it is whole: whoever is interrupted leaves nothing that is taken for it. */
async function fetched(): Promise<Kernel> {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, "unpacking-"));
  try {
    const name = await packageName();
    await must(["sh", "-c", 'cd "$1" && apt-get download -qq "$2"', "sh", work, name], { timeout: 300_000 });
    const [file = ""] = readdirSync(work);
    await must(["dpkg-deb", "-x", join(work, file), join(work, "root")], { timeout: 60_000 });
    // The index is not in the package: it is made where a kernel is installed.
    const [version = ""] = readdirSync(join(work, "root/lib/modules"));
    await must(["busybox", "depmod", "-b", join(work, "root"), version], { timeout: 60_000 });
    const place = join(CACHE, name);
    rmSync(place, { recursive: true, force: true });
    renameSync(join(work, "root"), place);
    const unpacked = kernelIn(place);
    if (unpacked === undefined) throw new Error(`${name}: no modules in the package`);
    return unpacked;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function packageName(): Promise<string> {
  const known = await dependency();
  if (known !== undefined) return known;
  await must(["apt-get", "update", "-qq"], { timeout: 120_000 });
  const found = await dependency();
  if (found === undefined) throw new Error(`no package ${META} in this machine's package sources: real VMs need its kernel`);
  return found;
}

async function dependency(): Promise<string | undefined> {
  const { stdout } = await run(["apt-cache", "depends", META]);
  return /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
}
