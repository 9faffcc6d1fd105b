/** What the kernel lists of the rules that are rendered means what their text means: as JSON, and as nft prints it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { dataCenterOf, VARIANTS } from "../../intent/bgp-variants.ts";
import { testNetns } from "#adapters/linux/test-name.real.ts";
import { besideOnLinux } from "../linux.ts";
import { readListing } from "./json.ts";
import type { Ruleset, Span, Step } from "./model.ts";
import { readRules } from "./read.ts";

const NETNS = testNetns("nft-read");
const run = (argv: readonly string[], input?: string): string => {
  const { status, stdout, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), {
    encoding: "utf8",
    timeout: 10_000,
    ...(input !== undefined && { input }),
  });
  assert.equal(status, 0, stderr);
  return stdout;
};
const nft = (words: readonly string[], input?: string) => run(["ip", "netns", "exec", NETNS, "nft", ...words], input);

before(() => run(["ip", "netns", "add", NETNS]));
after(() => run(["ip", "netns", "del", NETNS]));

for (const variant of VARIANTS)
  test(`"${variant}": text, listing and JSON say the same`, () => {
    const dc = dataCenterOf(variant);
    for (const { name } of dc.gateways) {
      const text = besideOnLinux(dc, { name, role: "gateway" }).find((file) => file.name.endsWith(".nft"))?.text ?? assert.fail();
      nft(["-f", "-"], text);
      const [rendered, listed, json] = [
        readRules(text),
        readRules(nft(["list", "table", "inet", "margay"])),
        readListing(nft(["-j", "list", "table", "inet", "margay"])),
      ];
      assert.deepEqual([rendered.unread, listed.unread, json.unread], [[], [], []]);
      assert.ok(rendered.chains.size >= 5);
      assert.deepEqual(meaning(listed), meaning(rendered));
      assert.deepEqual(meaning(json), meaning(rendered));
    }
  });

/** Without lines, and with sets in one order. */
function meaning({ chains }: Ruleset) {
  const all = [...chains.values()].map(({ name, base, rules }) => ({ name, base, rules: rules.map(({ steps }) => steps.map(ordered)) }));
  return all.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

function ordered(step: Step): unknown {
  if ("test" in step && "within" in step) return { ...step, family: step.family, within: joined(step.within) };
  if ("test" in step && "states" in step) return { ...step, states: step.states.toSorted() };
  if ("snat" in step)
    return {
      snat: { ...step.snat, to: joined(step.snat.to), map: step.snat.map?.toSorted((one, other) => Number(one.key.low - other.key.low)) },
    };
  return "choose" in step ? { ...step, cases: step.cases.toSorted((one, other) => Number(one.key.low - other.key.low)) } : step;
}

/** Spans that touch are one: nft lists a range as prefixes where it can. */
function joined(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((one, other) => (one.low < other.low ? -1 : 1))) {
    const last = merged.at(-1);
    if (last !== undefined && last.high + 1n === span.low) merged[merged.length - 1] = { low: last.low, high: span.high };
    else merged.push(span);
  }
  return merged;
}
