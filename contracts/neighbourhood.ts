/** A machine's neighbours on the fabric, as far as they can be asked for, and left. */
import type { BfdSession } from "#core/doctor/bird-facts.ts";
import type { Watched } from "#core/intent/bfd.ts";

export interface Neighbourhood {
  /**
   * What BFD says of them. Undefined: the process that speaks it does not answer, or is no more the one that answered before, of whose
   * sessions it knows nothing; asked again, it answers.
   */
  bfd(): Promise<readonly BfdSession[] | undefined>;
  /** Does its kernel answer an echo request (RFC 792, 4443) within a tenth of a second? */
  echo(neighbour: Watched): Promise<boolean>;
  /** Ends the session of BGP with it, with all that was heard there; it begins anew when the neighbour is back. Rejects where there is no BIRD. */
  leave(neighbour: Watched): Promise<void>;
  /** Nobody will ask any more. */
  close(): void;
}
