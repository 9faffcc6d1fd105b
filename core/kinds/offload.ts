/**
 * Interfaces on which packets of offloaded flows are taken from: those of the flowtable's device list. The kernel takes one off the list
 * when it goes, and does not put it back when it comes again.
 */
import type { Kind, Ref } from "./kind.ts";

export interface Offload {
  readonly dev: string;
  /** The flowtable. As listed: empty. Never compared. */
  readonly after: readonly Ref[];
}

export const offload: Kind<Offload> = {
  name: "offload",
  key: ({ dev }) => dev,
  same: () => true,
  needs: ({ dev, after }) => [`link/${dev}`, ...after],
  show: ({ dev }) => dev,
};
