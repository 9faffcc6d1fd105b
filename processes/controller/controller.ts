/**
 * The controller: the store, the cloud in memory, the API and the feed, from start to stop. It may be killed at any
 * moment: what was answered is in the store, and agents come back by themselves.
 */
import { serveFeed } from "#adapters/feed/server.ts";
import { serve } from "#adapters/http/server.ts";
import { systemClock } from "#adapters/clock/system.ts";
import { systemFresh, timeOf } from "#adapters/clock/fresh.ts";
import { trusting } from "#adapters/identity/local.ts";
import { sqliteStore } from "#adapters/store/sqlite.ts";
import { storeFiles } from "#adapters/store/store-files.ts";
import type { Handle } from "#contracts/http.ts";
import type { Identity } from "#contracts/identity.ts";
import type { Log } from "#contracts/log.ts";
import { answerMargay } from "#core/datacenter/api.ts";
import { answer } from "#core/neutron/api.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import type { Listen } from "#core/settings/types.ts";
import { api } from "#engine/api.ts";
import { feedServer } from "#engine/feed-server.ts";
import { load } from "#engine/present.ts";
import { bringForward } from "#engine/rows-version.ts";
import { RESTORE_PATH, storeDoor } from "#engine/store-door.ts";
import { writer } from "#engine/writer.ts";
import { doorTerms } from "./door-terms.ts";
import type { Endings } from "./endings.ts";
import { doorkeeper } from "./identity.ts";
import type { LiveSettings } from "./live-settings.ts";
import { stopped } from "../service.ts";

/** Runs until `stop` is aborted; rejects when it cannot start. */
export async function controller(settings: LiveSettings, stop: AbortSignal, log: Log): Promise<void> {
  const endings: Endings = [];
  try {
    await start(settings, log, endings);
    await stopped(stop);
    log.info("stopping");
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}

async function start(settings: LiveSettings, log: Log, endings: Endings): Promise<void> {
  const { store: kept, listen, auth } = settings.now();
  const clock = systemClock();
  const fresh = () => systemFresh(clock);
  const store = sqliteStore({ path: kept.path, remembers: kept.history });
  endings.push(() => store.close());
  const files = storeFiles(kept.path);
  await bringForward({ store, files, fresh, clock, log });
  const present = await load(store, new Cloud(settings.cloud));
  endings.push(() => present.stop());
  const write = writer({ store, present, fresh, clock, log });
  log.info("the store is open", { path: kept.path, revision: present.revision(), rows: present.rows().size });

  const keeper = await doorkeeper({ auth, store, clock, log });
  settings.listen(keeper.reread);
  endings.push(() => keeper.stop());
  const feed = feedServer({ present, writer: write, clock, log });
  const parts = { "v2.0": answer, "margay/v1": answerMargay };
  const shared = { cloud: present.state, writer: write };
  const handleFor = (identity: Identity) =>
    storeDoor({ ...shared, files, identity, fresh, clock, log }, api({ ...shared, identity, now: () => timeOf(clock), parts }));
  const within = doorTerms(settings, log, endings);
  const open = async (listen: readonly Listen[], handle: Handle) => {
    const served = await serve({ ...within, listen, handle, log, inPieces: new Set([RESTORE_PATH]) });
    endings.push(() => served.close());
    const feeds = serveFeed(served.servers, feed.accept);
    endings.push(() => feeds.close());
    for (const address of served.addresses) log.info("listening", { address });
  };
  const isPrivate = (door: Listen) => "path" in door;
  await open(listen.api.filter(isPrivate), handleFor(trusting()));
  await open(
    listen.api.filter((door) => !isPrivate(door)),
    keeper.around(handleFor(keeper.identity)),
  );
  endings.push(() => feed.stop());
}
