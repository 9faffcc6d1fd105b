/** What a fake host holds, looked at in several ways. */
import type { FakeHost } from "#contracts/driver.fake.ts";
import type { View } from "#core/feed/item.ts";
import { compile } from "#core/intent/compile.ts";
import type { Self } from "#core/intent/compile.ts";
import { NOTHING } from "#core/intent/intent.ts";
import type { Intent } from "#core/intent/intent.ts";
import { daemon } from "#core/kinds/daemon.ts";
import { file } from "#core/kinds/file.ts";
import type { Wanted } from "#core/kinds/kind.ts";
import { linesOf } from "./pure-world.ts";

/** One line per object, and one for the content of each file and for what each daemon was started with and has read. */
export async function everythingOn({ drivers, holds }: FakeHost): Promise<string[]> {
  const [files, daemons] = await Promise.all([drivers.files.list([]), drivers.daemons.list([])]);
  return [
    ...holds(),
    ...files.map((one) => `content of ${file.key(one)}: ${one.content}`).toSorted(),
    ...daemons.map((one) => `memory of ${daemon.key(one)}: ${JSON.stringify(one)}`).toSorted(),
  ];
}

/** What follows from a view is worked out once: stories look often. */
const wanted = new WeakMap<View, Intent>();

/**
 * The view without the endpoints that the host does not serve: those of which an object is missing or another than wanted, and
 * all of them while its packet filter is not whole.
 */
export function servedView(view: View, self: Self, host: FakeHost): View {
  const intent = wanted.get(view) ?? compile(view, self);
  wanted.set(view, intent);
  const held = new Set(host.holds());
  const isWhole = (part: Intent) => linesOf(part).every((line) => held.has(line));
  const isServed = (port: string) => isWhole(because(intent, `port/${port}`));
  const endpoints = isWhole({ ...NOTHING, nft: intent.nft }) ? [...view.endpoints].filter(([port]) => isServed(port)) : [];
  return { ...view, endpoints: new Map(endpoints) };
}

/** The part of an intent that has this cause. */
function because(intent: Intent, cause: string): Intent {
  const caused = <V>(all: readonly Wanted<V>[]) => all.filter((one) => one.because.includes(cause));
  const { links, sysctls, nft, neighbours, addresses, files, daemons, routes, offloads, contests } = intent;
  return {
    links: caused(links),
    sysctls: caused(sysctls),
    nft: caused(nft),
    neighbours: caused(neighbours),
    addresses: caused(addresses),
    files: caused(files),
    daemons: caused(daemons),
    routes: caused(routes),
    offloads: caused(offloads),
    contests: caused(contests),
  };
}
