/** A Python environment of the conformance tests' own, below .cache: made once, and again when requirements.txt changes. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));
const CACHE = fileURLToPath(new URL("../../.cache/conformance", import.meta.url));
/** Downloads take their time. */
const LIMIT_MS = 9 * 60_000;

/** The folder with `openstack`, `tempest` and `python`. */
export async function pythonPrograms(): Promise<string> {
  const mark = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 16);
  const home = join(CACHE, `python-${mark}`);
  if (!existsSync(join(home, "complete"))) await make(home);
  return join(home, "bin");
}

/** An environment knows its own path, so it is made where it stays; one that was not completed is made anew. */
async function make(home: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await rm(home, { recursive: true, force: true });
  await run("python3", ["-m", "venv", home], { timeout: LIMIT_MS });
  const pip = ["install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS];
  await run(join(home, "bin/pip"), pip, { timeout: LIMIT_MS, maxBuffer: 1 << 26 });
  await writeFile(join(home, "complete.part"), "");
  await rename(join(home, "complete.part"), join(home, "complete"));
}
