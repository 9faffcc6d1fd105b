/**
 * An agent's loop, hands and look at flows at work on this very machine, without a controller; its programs and files are a model. Only for a
 * machine that has nobody else in it.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canOffload } from "#adapters/nft/ability.ts";
import { systemClock } from "#adapters/clock/system.ts";
import { fakeHost } from "#contracts/driver.fake.ts";
import type { Driver, HostDrivers } from "#contracts/driver.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import type { View } from "#core/feed/item.ts";
import { computeParts } from "#core/intent/compute.ts";
import { flowAudit } from "#engine/flow-audit.ts";
import { hostLoop } from "#engine/host-loop.ts";
import type { Finished, Plan } from "#engine/host-loop.ts";
import { hostTracks } from "#engine/tracks.ts";
import { hostHands } from "./drivers.ts";
import { soon } from "./talk.real.ts";

// Before anything is done: whoever imports this is about to.
assert.match(readFileSync("/proc/cmdline", "utf8"), /\bjob=/, "this is no VM that was made for a job");

/** What the agent's hands did, in all of its lives. */
export const changes: string[] = [];

function counted<V>(driver: Driver<V>): Driver<V> {
  const apply: Driver<V>["apply"] = (asked) => {
    changes.push(...asked.map(({ op, ref }) => `${op} ${ref}`));
    return driver.apply(asked);
  };
  return { ...driver, apply };
}

/** One life of it, as host h1. */
export function life() {
  const able = canOffload();
  const hands = hostHands(mkdtempSync(join(tmpdir(), "mg-offload-")), able);
  const model = fakeHost().drivers;
  const { links, sysctls, nft, neighbours, addresses, routes, offloads } = hands.drivers;
  const drivers: HostDrivers = {
    links: counted(links),
    sysctls: counted(sysctls),
    nft: counted(nft),
    neighbours: counted(neighbours),
    addresses: counted(addresses),
    files: model.files,
    daemons: model.daemons,
    routes: counted(routes),
    offloads: counted(offloads),
  };
  const [clock, log] = [systemClock(), fakeLog()];
  const audit = flowAudit({ host: "h1", flows: hands.flows, clock, log });
  let [plan, last] = [undefined as Plan | undefined, undefined as Finished | undefined];
  const loop = hostLoop({
    tracks: hostTracks(drivers),
    plan: () => plan,
    clock,
    log,
    finished: (finished) => {
      last = finished;
      audit.finished(finished.result.news, finished.plan.view);
    },
  });
  return {
    able,
    flows: hands.flows,
    log,
    show: async (view: View, offload = true) => {
      plan = { parts: computeParts(view, "h1", { offload: able && offload }), view, revision: 1, source: "told" };
      loop.wake();
      await soon("the host to hold it", () => {
        const undone = last?.plan === plan ? last?.result.news.filter(({ outcome }) => outcome.state !== "done") : undefined;
        return undone?.length === 0 ? undefined : `not so: ${JSON.stringify(undone?.map(({ ref, outcome }) => [ref, outcome]))}`;
      });
    },
    end: async () => {
      await loop.stop();
      await audit.stop();
      hands.close();
    },
  };
}
