/** A kernel's modules, as its index of them says. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Kernel } from "./kernel.ts";

/** Paths of these, and of those that they need, each after those that it needs itself. Throws when the kernel has none of that name. */
export function modulesNamed({ modules }: Kernel, names: readonly string[]): readonly string[] {
  const needs = indexOf(readFileSync(join(modules, "modules.dep"), "utf8"));
  const byName = new Map([...needs.keys()].map((path) => [basename(path, ".ko"), path]));
  const order = new Set<string>();
  const take = (path: string) => {
    needs.get(path)?.forEach(take);
    order.add(path);
  };
  for (const name of names) {
    const path = byName.get(name);
    if (path === undefined) throw new Error(`${modules}: no module ${name}`);
    take(path);
  }
  return [...order].map((path) => join(modules, path));
}

/** `kernel/fs/fuse/virtiofs.ko: kernel/fs/fuse/fuse.ko …` (modules.dep(5)) */
function indexOf(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => line.split(":")).map(([path = "", needs = ""]) => [path, needs.split(" ").filter((one) => one !== "")]),
  );
}
