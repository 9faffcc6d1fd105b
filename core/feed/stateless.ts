/**
 * Endpoints whose groups are all stateless: no packet of theirs passes because it belongs to a known flow, replies need
 * rules of their own. The API mixes both kinds on no port; a group that we were not told of says nothing.
 */
import type { Endpoint, View } from "./item.ts";

export function isStateless({ groups }: Pick<View, "groups">, endpoint: Pick<Endpoint, "groups">): boolean {
  const known = endpoint.groups.flatMap((id) => groups.get(id) ?? []);
  return known.length > 0 && known.every(({ stateful }) => !stateful);
}
