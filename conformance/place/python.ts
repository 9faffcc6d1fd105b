/** A Python environment of the conformance tests' own, below .cache: made once, and again when requirements.txt changes. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printed } from "./program.ts";

const CACHE = fileURLToPath(new URL("../../.cache/conformance", import.meta.url));
/** Debian's, for which packages.txt brings what environments are made of. */
const PYTHON = "/usr/bin/python3";
/** Downloads take their time. */
const SECONDS = 500;

/** The folder with `openstack`, `tempest` and `python`. Rejects, with pip's words, when it cannot be made. */
export async function pythonPrograms(requirements = new URL("requirements.txt", import.meta.url)): Promise<string> {
  const mark = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 16);
  const home = join(CACHE, `python-${mark}`);
  if (!existsSync(join(home, "complete"))) await make(home, fileURLToPath(requirements));
  return join(home, "bin");
}

/** An environment knows its own path, so it is made where it stays; one that was not completed is made anew. */
async function make(home: string, requirements: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await rm(home, { recursive: true, force: true });
  await printed([PYTHON, "-m", "venv", home], { seconds: 60 });
  const pip = ["install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement", requirements];
  await printed([join(home, "bin/pip"), ...pip], { seconds: SECONDS });
  await writeFile(join(home, "complete.part"), "");
  await rename(join(home, "complete.part"), join(home, "complete"));
}
