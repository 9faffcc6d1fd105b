/** Telling Nova what became of its instances' ports. */
import type { NovaEvent } from "#core/neutron/nova-events.ts";

export type Told =
  /** It has heard, and says of each event, in order: 200; 404: no such instance; 422: the instance has no host yet; 400. */
  | { readonly heard: true; readonly codes: readonly number[] }
  /** It has not; `again`: it may if it is told again. The reason holds no secret. */
  | { readonly heard: false; readonly reason: string; readonly again: boolean };

export interface Nova {
  /** At least one event. Answers in bounded time, and never rejects. */
  tell(events: readonly NovaEvent[]): Promise<Told>;
}
