/**
 * The controller: the store, the cloud in memory, the API and the feed, from start to stop. It may be killed at any
 * moment: what was answered is in the store, and agents come back by themselves.
 */
import { randomUUID } from "node:crypto";
import { systemClock } from "#adapters/clock/system.ts";
import { systemFresh, timeOf } from "#adapters/clock/fresh.ts";
import { trusting } from "#adapters/identity/local.ts";
import type { JsonLog } from "#adapters/log/json.ts";
import { measuredFeed } from "#adapters/metrics/feed.ts";
import { measuredStore } from "#adapters/metrics/store.ts";
import { sqliteStore } from "#adapters/store/sqlite.ts";
import { storeFiles } from "#adapters/store/store-files.ts";
import type { Identity } from "#contracts/identity.ts";
import { answer } from "#core/neutron/api.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import { api } from "#engine/api.ts";
import { feedServer } from "#engine/feed-server.ts";
import { load } from "#engine/present.ts";
import { bringForward } from "#engine/rows-version.ts";
import { rollouts } from "#engine/rollouts.ts";
import { storeDoor } from "#engine/store-door.ts";
import { writer } from "#engine/writer.ts";
import { openDoors } from "./doors.ts";
import type { Endings } from "./endings.ts";
import { doorkeeper } from "./identity.ts";
import type { LiveSettings } from "./live-settings.ts";
import { measure, newMetrics } from "./metrics.ts";
import { tellingNova } from "./nova.ts";
import { ownApi } from "./own-api.ts";
import { stopped } from "../service.ts";

/** Runs until `stop` is aborted; rejects when it cannot start. */
export async function controller(settings: LiveSettings, stop: AbortSignal, log: JsonLog): Promise<void> {
  const endings: Endings = [];
  try {
    await start(settings, log, endings);
    await stopped(stop);
    log.info("stopping");
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}

async function start(settings: LiveSettings, log: JsonLog, endings: Endings): Promise<void> {
  const { store: kept, auth } = settings.now();
  const clock = systemClock();
  const fresh = () => systemFresh(clock);
  const now = () => timeOf(clock);
  const metrics = newMetrics(endings);
  const store = measuredStore(sqliteStore({ path: kept.path, remembers: kept.history }), metrics);
  endings.push(() => store.close());
  const files = storeFiles(kept.path);
  await bringForward({ store, files, fresh, clock, log });
  const present = await load(store, new Cloud(settings.cloud), randomUUID());
  endings.push(() => present.stop());
  const write = writer({ store, present, fresh, clock, log });
  log.info("the store is open", { path: kept.path, revision: present.revision(), rows: present.rows().size });

  const nova = tellingNova({ settings: settings.now(), present, clock, log });
  if (nova !== undefined) endings.push(() => nova.stop());
  measure(metrics, { present, storePath: kept.path, nova, now });
  const keeper = await doorkeeper({ auth, store, clock, log });
  settings.listen(keeper.reread);
  endings.push(() => keeper.stop());
  const feed = feedServer({ present, writer: write, clock, log });
  const changing = rollouts({ present, writer: write, said: feed.said, fresh, clock, log });
  endings.push(() => changing.stop());
  const parts = { "v2.0": answer, "margay/v1": ownApi(feed.said) };
  const shared = { cloud: present.state, writer: write };
  const handleFor = (identity: Identity) =>
    storeDoor({ ...shared, files, identity, fresh, clock, log }, api({ ...shared, identity, clock, now, parts }));
  await openDoors({
    settings,
    log,
    endings,
    metrics,
    health: { store, present, clock },
    accept: measuredFeed(feed.accept, metrics),
    ours: handleFor(trusting()),
    others: keeper.around(handleFor(keeper.identity)),
  });
  endings.push(() => feed.stop());
}
