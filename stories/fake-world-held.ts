/** What a fake host holds, looked at in several ways. */
import type { FakeHost } from "#contracts/driver.fake.ts";
import type { View } from "#core/feed/item.ts";
import type { Intent } from "#core/intent/intent.ts";
import { daemon } from "#core/kinds/daemon.ts";
import { file } from "#core/kinds/file.ts";
import { hostTracks } from "#engine/tracks.ts";

/** One line per object, and one for the content of each file and for what each daemon was started with and has read. */
export async function everythingOn({ drivers, holds }: FakeHost): Promise<string[]> {
  const [files, daemons] = await Promise.all([drivers.files.list([]), drivers.daemons.list([])]);
  return [
    ...holds(),
    ...files.map((one) => `content of ${file.key(one)}: ${one.content}`).toSorted(),
    ...daemons.map((one) => `memory of ${daemon.key(one)}: ${JSON.stringify(one)}`).toSorted(),
  ];
}

/**
 * The view without the endpoints that the host does not serve: those of which an object is missing, and all of them while its
 * packet filter is not whole.
 */
export async function servedView(view: View, intent: Intent, host: FakeHost): Promise<View> {
  const surveys = await Promise.all(hostTracks(host.drivers).map((track) => track.survey(intent, { prune: false })));
  const missing = surveys.flatMap(({ kind, changes }) => changes.map(({ because }) => ({ kind, because })));
  const isServed = (port: string) => missing.every(({ kind, because }) => kind !== "nft" && !because.includes(`port/${port}`));
  return { ...view, endpoints: new Map([...view.endpoints].filter(([port]) => isServed(port))) };
}
