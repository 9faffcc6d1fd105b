/** docs/connectivity.md does what it says: every command of it is run, and prints what stands below it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { down } from "#lab/down.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { run } from "#lab/program.ts";
import { pythonPrograms } from "../place/python.ts";

const HOME = join(import.meta.dirname, "../..");
const LAB = await ownLab("connectivity");
const MARK = "@@ next command";

interface Command {
  readonly line: string;
  readonly prints: readonly string[];
}

/** Commands begin with `$ ` in blocks that say `console`; what they print follows. */
function commandsIn(text: string): readonly Command[] {
  const blocks = [...text.matchAll(/^```console\n([^]*?)^```$/gm)].map((match) => match[1] ?? "");
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((one) => {
        const [line = "", ...prints] = one.trimEnd().split("\n");
        return { line, prints };
      }),
  );
}

/** `…` stands for anything in a line, and alone for any lines. */
function matches(prints: readonly string[], printed: readonly string[]): boolean {
  const [first, ...rest] = prints;
  if (first === undefined) return printed.length === 0;
  if (first === "…") return printed.some((_, at) => matches(rest, printed.slice(at))) || matches(rest, []);
  const pattern = first
    .trimEnd()
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
  const [line, ...more] = printed;
  return line !== undefined && new RegExp(`^${pattern}$`).test(line.trimEnd()) && matches(rest, more);
}

/** As an operator has it at hand: `openstack` logged in where the controller is. */
function shell(python: string, commands: readonly Command[]): string {
  const clouds = `OS_CLIENT_CONFIG_FILE=${LAB.directory}/clouds.yaml`;
  const openstack = `openstack() { margay lab enter --name ${LAB.name} control -- env ${clouds} ${join(python, "openstack")} --os-cloud margay "$@"; }`;
  return ["exec 2>&1", `PATH=${HOME}:$PATH`, openstack, ...commands.flatMap(({ line }) => [`echo "${MARK}"`, line])].join("\n");
}

after(() => down(LAB));

test("every command prints what the guide says", { timeout: 290_000 }, async () => {
  // Its lab is this test's own.
  const guide = readFileSync(join(HOME, "docs/connectivity.md"), "utf8").replaceAll("connectivity", LAB.name);
  const commands = commandsIn(guide);
  assert.ok(commands.length > 20);
  const script = shell(await pythonPrograms(), commands);
  const { stdout } = await run(["bash", "-c", script], { timeout: 280_000 });
  const printed = stdout.split(`${MARK}\n`).slice(1);
  const wrong = commands.flatMap(({ line, prints }, at) => {
    const text = printed[at]?.trimEnd();
    if (text !== undefined && matches(prints, text === "" ? [] : text.split("\n"))) return [];
    return [`$ ${line}\n${text ?? "(it was not reached)"}\n--- instead of\n${prints.join("\n")}`];
  });
  assert.equal(wrong.join("\n\n"), "");
});
