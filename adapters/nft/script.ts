/** Changes of our tables as one script for `nft -f -`, and what nft says of a script that it refuses. */
import type { Change } from "#core/reconcile/diff.ts";
import { digest } from "#core/kinds/digest.ts";
import { canonicalHook } from "#core/kinds/nft-held.ts";
import type { Nft, NftChain, NftElement, NftFlowtable, NftSet } from "#core/kinds/nft.ts";
import { comeBy, goneBy } from "./moves.ts";

export const NFT_TABLE = "margay";

export interface NftScript {
  readonly text: string;
  /** By line (from 0): the change that it came from; undefined for lines of all. */
  readonly owners: readonly (Change<Nft> | undefined)[];
}

/**
 * One transaction. Whatever refers comes off before what it refers to, and goes on after it: elements, rules, sets and maps,
 * flowtables, chains on the way down, the other way round on the way up. Sets that change as a whole may be left `empty`.
 */
export function nftScript(changes: readonly Change<Nft>[], contents: "filled" | "empty" = "filled"): NftScript {
  const families = new Set(changes.map((change) => valueOf(change).family));
  const lines = [...families].map((family) => ({ text: `add table ${family} ${NFT_TABLE}`, owner: undefined as Change<Nft> | undefined }));
  for (const phase of contents === "filled" ? [...PHASES, FILL] : PHASES) {
    for (const owner of changes) for (const text of phase(owner)) lines.push({ text, owner });
  }
  return { text: lines.map(({ text }) => `${text}\n`).join(""), owners: lines.map(({ owner }) => owner) };
}

/** What of the script failed, by change: `/dev/stdin:12:30-35: Error: …`. Errors that name no change are not in it. */
export function readCulprits(stderr: string, script: NftScript): ReadonlyMap<Change<Nft>, string> {
  const culprits = new Map<Change<Nft>, string>();
  for (const match of stderr.matchAll(/^[^:\s]+:(\d+):[\d:-]+ (?:Error: )?(.*)$/gm)) {
    const owner = script.owners[Number(match[1]) - 1];
    if (owner !== undefined && !culprits.has(owner)) culprits.set(owner, match[2] ?? "");
  }
  return culprits;
}

type Phase = (change: Change<Nft>) => readonly string[];

const PHASES: readonly Phase[] = [
  (change) => goneBy(change).map((element) => `delete element ${placeOf(element)} { ${element.element} }`),
  (change) => (change.op === "create" ? [] : flushed(change.have)),
  (change) => (change.op === "create" || (change.op === "replace" && keepsType(change.want, change.have)) ? [] : gone(change.have, "set")),
  (change) => (change.op === "create" ? [] : gone(change.have, "flowtable")),
  (change) =>
    change.op === "create" || (change.op === "replace" && keepsHook(change.want, change.have)) ? [] : gone(change.have, "chain"),
  (change) => (change.op === "delete" ? [] : added(change.want, "flowtable")),
  (change) => (change.op === "delete" ? [] : added(change.want, "set")),
  (change) => (change.op === "delete" ? [] : added(change.want, "chain")),
  (change) => (change.op === "delete" || change.want.object !== "chain" ? [] : rules(change.want)),
  (change) => comeBy(change).map((element) => `add element ${placeOf(element)} { ${elementText(element)} }`),
];

/** What is in sets that change as a whole. */
const FILL: Phase = (change) => (change.op === "delete" ? [] : filled(change.want));

function valueOf(change: Change<Nft>): Nft {
  return change.op === "delete" ? change.have : change.want;
}

type Class = "set" | "flowtable" | "chain";

function isOf(value: Nft, of: Class): value is NftChain | NftFlowtable | NftSet {
  return (value.object === "map" ? "set" : value.object) === of;
}

function gone(value: Nft, of: Class): string[] {
  return isOf(value, of) ? [`delete ${value.object} ${placeOf(value)}`] : [];
}

function flushed(value: Nft): string[] {
  return value.object === "chain" ? [`flush chain ${placeOf(value)}`] : [];
}

function added(value: Nft, of: Class): string[] {
  if (!isOf(value, of)) return [];
  if (value.object === "flowtable") return [flowtableLine(value)];
  return value.object === "chain"
    ? [`add chain ${placeOf(value)}${value.hook === undefined ? "" : ` { ${value.hook} }`}`]
    : [`add ${value.object} ${placeOf(value)} { ${value.type} comment "${digest(value.type)}"; }`];
}

function elementText({ element, value }: NftElement): string {
  return value === undefined ? element : `${element} : ${value}`;
}

/** Makes one, or puts these devices on the list of one that is there. */
export function flowtableLine(value: NftFlowtable, devices: readonly string[] = []): string {
  const list = devices.length === 0 ? "" : ` devices = { ${devices.map((dev) => `"${dev}"`).join(", ")} };`;
  return `add flowtable ${placeOf(value)} { ${value.hook}${list} }`;
}

/** What is in a set that changes as a whole. */
function filled(value: Nft): string[] {
  if (value.object !== "set" || value.elements === undefined) return [];
  const place = placeOf(value);
  return [`flush set ${place}`, ...(value.elements.length === 0 ? [] : [`add element ${place} { ${value.elements.join(", ")} }`])];
}

/** A chain that is to be created may be there: somebody else made it since we looked. */
export function rules(chain: NftChain): string[] {
  const place = placeOf(chain);
  return [`flush chain ${place}`, ...chain.rules.map((rule) => `add rule ${place} ${rule} comment "${digest(rule)}"`)];
}

export function placeOf(value: Nft): string {
  return `${value.family} ${NFT_TABLE} ${"of" in value ? value.of : value.name}`;
}

/** A set of another type cannot be but another set. */
function keepsType(want: Nft, have: Nft): boolean {
  return want.object === "set" && have.object === "set" && want.type === have.type;
}

/** The hook, priority and policy of a chain cannot be changed but by making it anew. */
function keepsHook(want: Nft, have: Nft): boolean {
  if (want.object !== "chain" || have.object !== "chain") return true;
  return (want.hook === undefined ? "" : canonicalHook(want.hook)) === (have.hook === undefined ? "" : canonicalHook(have.hook));
}
