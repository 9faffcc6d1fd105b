/**
 * Where VMs look for their metadata, and where on the host it is answered. Packets are sent from the one to the other and back
 * without being tracked (core/intent/metadata.ts): the port that VMs use may be taken on the host, and a link-local address of IPv6 is
 * on every tap and so on none in particular.
 */
import type { Ip } from "../net/address.ts";

/** The address that every image knows; on the host it is on one of Margay's own links. */
export const METADATA4 = "169.254.169.254" as Ip;
export { METADATA6 } from "../kinds/address.ts";

/** What VMs connect to. */
export const METADATA_PORT = 80;

/** Where packets for METADATA6 are answered: an address that is on no wire (fd, then `margay`; RFC 4193). */
export const INSIDE6 = "fd6d:6172:6761:79::a9fe:a9fe" as Ip;

/** The port on METADATA4 and INSIDE6 that the agent listens on: below those that Linux gives out by itself, and nobody's. */
export const DOOR = 16_924;
