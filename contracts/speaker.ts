/** The BGP speaker of a host, as far as it can be asked. */
import type { Sessions } from "#core/feed/item.ts";

export interface Speaker {
  /** Undefined: none answers. */
  sessions(): Promise<Sessions | undefined>;
}
