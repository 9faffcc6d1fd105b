/** Links: facts that others make, and our own, told by the prefix of their names. */
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { RunProgram } from "#contracts/program.ts";
import { addressLines, linksOf, readLinks } from "#core/kinds/link-text.ts";
import type { LinkState } from "#core/kinds/link-text.ts";
import { OWN_LINK_PREFIX } from "#core/kinds/link.ts";
import type { Link } from "#core/kinds/link.ts";
import type { Change } from "#core/reconcile/diff.ts";
import { wordsOf } from "../programs/programs.ts";
import { ipBatch } from "./batch.ts";
import type { IpListing } from "./listing.ts";

/** Any device that only carries addresses will do; not every kernel has the first. */
const TYPES = ["dummy", "ifb"];

export function linuxLinks(run: RunProgram, list: IpListing): Driver<Link> {
  const states = async () => readLinks(await list("addr show"));
  return {
    list: async (want) => linksOf(await states(), want),
    apply: async (changes) => {
      if (changes.length === 0) return [];
      const held = new Map((await states()).map((state) => [state.name, state]));
      const outcomes: Outcome[] = [];
      for (const change of changes) outcomes.push(await applyOne(run, change, held));
      return outcomes;
    },
  };
}

async function applyOne(run: RunProgram, change: Change<Link>, held: ReadonlyMap<string, LinkState>): Promise<Outcome> {
  if (change.op === "delete") return remove(run, change.have.name);
  const { name, own } = change.want;
  if (own === undefined || !name.startsWith(OWN_LINK_PREFIX)) return { state: "held" };
  const there = held.get(name);
  const made = there === undefined ? await make(run, name) : DONE;
  if (made.state !== "done") return made;
  return (await ipBatch(run, [{ lines: addressLines(name, own.addresses, there?.addresses ?? []) }]))[0] ?? DONE;
}

/** Own links only: `list` gives no others to delete. */
async function remove(run: RunProgram, name: string): Promise<Outcome> {
  return (await ipBatch(run, [{ lines: [`link del ${name}`], fine: /Cannot find device/ }]))[0] ?? DONE;
}

async function make(run: RunProgram, name: string): Promise<Outcome> {
  const reasons: string[] = [];
  for (const type of TYPES) {
    const result = await run(["ip", "link", "add", name, "type", type]);
    if (result.code === 0) return DONE;
    reasons.push(`${type}: ${wordsOf(result)}`);
  }
  return { state: "failed", reason: reasons.join("; ") };
}
