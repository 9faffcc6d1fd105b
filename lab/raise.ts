/** A lab from a file, for those who need one and not its progress: tests and benchmarks. */
import { readFileSync } from "node:fs";
import { declaredIn } from "#adapters/yaml/datacenter-file.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import type { Lab } from "./place.ts";
import { up } from "./up.ts";

/** Builds the lab of `examples/NAME.yaml`, without a relay; the data centre that it declares. */
export async function raiseExample(lab: Lab, name: string, say: (line: string) => void = () => undefined): Promise<DataCenter> {
  return raiseText(lab, exampleText(name), say);
}

/** Of the data centre that a text declares. */
export async function raiseText(lab: Lab, text: string, say: (line: string) => void = () => undefined): Promise<DataCenter> {
  const path = "datacenter.yaml";
  const center = declaredIn(path, text);
  await up(lab, { file: { path, text }, center, say });
  return center;
}

/** `examples/NAME.yaml`. */
export function exampleText(name: string): string {
  return readFileSync(new URL(`../examples/${name}.yaml`, import.meta.url), "utf8");
}
