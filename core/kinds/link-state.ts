/** Links as a host has them, and what of these speaks of us. */
import type { InterfaceAddress } from "../net/prefix.ts";
import { OWN_LINK_PREFIX } from "./link.ts";
import type { Link } from "./link.ts";

/** A link as it is: one that is down carries no routes, so for whatever needs it, it is not there. */
export interface LinkState {
  readonly name: string;
  /** The kernel's number of it. */
  readonly index: number;
  readonly up: boolean;
  /** Without those that mean something on this link alone. */
  readonly addresses: readonly InterfaceAddress[];
}

/** What of these speaks of us: our own links, and the facts that are wanted. A wanted link of ours that is down is not there yet. */
export function linksOf(states: readonly LinkState[], want: readonly Link[]): Link[] {
  const wanted = new Set(want.map((link) => link.name));
  return states
    .filter(({ name, up }) => (wanted.has(name) ? up : name.startsWith(OWN_LINK_PREFIX)))
    .map(({ name, index, addresses }) =>
      name.startsWith(OWN_LINK_PREFIX) ? { name, index, own: { addresses: sorted(addresses) } } : { name, index },
    );
}

/** In the order that `Link` asks for: by text. */
function sorted(addresses: readonly InterfaceAddress[]): InterfaceAddress[] {
  return addresses.toSorted((left, right) => (textOf(left) < textOf(right) ? -1 : 1));
}

export interface AddressChanges {
  readonly gone: readonly InterfaceAddress[];
  readonly more: readonly InterfaceAddress[];
}

/** What gives a link that has some addresses exactly those that are wanted. */
export function addressChanges(want: readonly InterfaceAddress[], have: readonly InterfaceAddress[]): AddressChanges {
  const [wanted, held] = [new Set(want.map(textOf)), new Set(have.map(textOf))];
  return { gone: have.filter((address) => !wanted.has(textOf(address))), more: want.filter((address) => !held.has(textOf(address))) };
}

function textOf({ ip, length }: InterfaceAddress): string {
  return `${ip}/${length}`;
}
