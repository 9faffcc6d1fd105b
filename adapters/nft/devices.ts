/** The device list of the flowtable, and how what is offloaded comes to an end: the kernel ends a flowtable's flows with it alone. */
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import { FAST_PATH, FLOWTABLE } from "#core/intent/offload.ts";
import type { Offload } from "#core/kinds/offload.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { KernelWatch } from "../netlink/watch.ts";
import { wordsOf } from "../programs/programs.ts";
import { changeDevices, flowtableNamed } from "./flowtables.ts";
import { flowtableLine, placeOf, rules } from "./script.ts";
import type { NftTools } from "./transaction.ts";

/** Of a kernel that cannot offload anything. */
export const NO_DEVICES: Driver<Offload> = {
  list: async () => [],
  apply: async (changes) => changes.map(() => ({ state: "failed", reason: "this kernel cannot offload flows" })),
};

export interface FlowtableDevices {
  readonly offloads: Driver<Offload>;
  readonly endOffload: () => Promise<void>;
}

export function flowtableDevices(tools: NftTools & { readonly watch: KernelWatch }): FlowtableDevices {
  const { netfilter, ledger, watch } = tools;
  const listed = () => flowtableNamed(netfilter, FLOWTABLE)?.devices ?? [];
  const change = (op: "add" | "remove", devices: readonly string[]) =>
    ledger.alike(() => changeDevices(netfilter, FLOWTABLE, op, devices)?.reason);
  /** All at once; when that is refused, one by one, to learn whose fault it is. */
  const changed = (op: "add" | "remove", devices: readonly string[]): ReadonlyMap<string, string> => {
    if (devices.length === 0 || change(op, devices) === undefined) return new Map();
    return new Map(devices.flatMap((device) => toPair(device, change(op, [device]))));
  };
  return {
    offloads: {
      list: async () => listed().map((dev) => ({ dev, after: [] })),
      read: async (values) => {
        const on = new Set(listed());
        return values.filter(({ dev }) => on.has(dev)).map(({ dev }) => ({ dev, after: [] }));
      },
      // A device goes off the list with its link, even if that is back before anybody has looked.
      watch: (tell) => {
        const ends = [watch.route(["links"], (on) => tell(on === undefined ? on : ({ dev }) => dev === on)), ledger.watch(() => tell())];
        return () => ends.forEach((end) => end());
      },
      apply: async (changes) => {
        const on = new Set(listed());
        const leaving = changes.flatMap((each) => (each.op === "delete" && on.has(each.have.dev) ? [each.have.dev] : []));
        const coming = changes.flatMap((each) => (each.op === "delete" ? [] : [each.want.dev]));
        const refused = [changed("remove", leaving), changed("add", coming)] as const;
        return changes.map((each) => outcomeOf(each, refused));
      },
    },
    endOffload: () => afresh(tools, listed),
  };
}

const toPair = (device: string, reason: string | undefined): [string, string][] => (reason === undefined ? [] : [[device, reason]]);

function outcomeOf(change: Change<Offload>, [left, come]: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>]): Outcome {
  const reason = change.op === "delete" ? left.get(change.have.dev) : come.get(change.want.dev);
  return reason === undefined ? DONE : { state: "failed", reason };
}

/** A device may go between the listing and its use. */
const ATTEMPTS = 3;

/**
 * The flowtable is made anew, in one transaction with the rule that refers to it: whatever was in it goes on by rules from there, and is
 * offloaded again if they let it be. Where there is none nothing is offloaded.
 */
async function afresh({ netfilter, ledger, library, run }: NftTools, listed: () => readonly string[]): Promise<void> {
  const script = () => scriptOf(listed());
  const isThere = () => flowtableNamed(netfilter, FLOWTABLE) !== undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) if (!isThere() || ledger.alike(() => library.run(script()))) return;
  const result = await ledger.script([], () => run(["nft", "-f", "-"], script()));
  if (result.code !== 0 && isThere()) throw new Error(`offloaded flows cannot be ended: ${wordsOf(result)}`);
}

function scriptOf(devices: readonly string[]): string {
  const lines = [
    `flush chain ${placeOf(FAST_PATH)}`,
    `delete flowtable ${placeOf(FLOWTABLE)}`,
    flowtableLine(FLOWTABLE, devices),
    ...rules(FAST_PATH),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
