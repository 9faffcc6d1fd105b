/** Puts other rows in place of all that there are, as one decision: agents and API follow it like any other. */
import { ok } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Decide, RowWrite } from "./decision.ts";
import { committed } from "./released.ts";

/** How many rows were made, changed and removed. */
export interface Replaced {
  readonly made: number;
  readonly changed: number;
  readonly removed: number;
}

/** Agents that are there stay as they are: their rows say who is alive now, which no backup knows. Addresses that are taken from ports rest. */
export function decideRestore(wanted: ReadonlyMap<string, object>): Decide<Cloud, Replaced> {
  return (cloud, fresh) => {
    const now = new Map(cloud.entries());
    const stays = (key: string) => key.startsWith("agent/") && now.has(key);
    const puts = [...wanted].filter(([key, row]) => !stays(key) && JSON.stringify(now.get(key)) !== JSON.stringify(row));
    const removed = [...now.keys()].filter((key) => !wanted.has(key) && !stays(key));
    const made = puts.filter(([key]) => !now.has(key)).length;
    const writes: readonly RowWrite[] = [...removed.map((key) => ({ key })), ...puts.map(([key, row]) => ({ key, row }))];
    return ok({ writes: committed(cloud, writes, fresh), answer: { made, changed: puts.length - made, removed: removed.length } });
  };
}
