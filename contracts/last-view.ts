/** What a host was told last, kept where it outlives the process and the machine's next boot. */
import type { View } from "#core/feed/item.ts";

export interface Kept {
  readonly view: View;
  /** Of the cloud that it shows. */
  readonly revision: number;
}

export type Recalled =
  | ({ readonly state: "whole" } & Kept)
  /** Nothing was ever kept, or it cannot be gone by; the reason is for people. */
  | { readonly state: "none"; readonly reason: string };

export interface LastView {
  /** It is the newest there is. Kept in its own time, whole or not at all. */
  keep(kept: Kept): void;
  /** What is kept is still so: it is not too old for another while. */
  confirm(): void;
  recall(): Recalled;
  /** Nothing more is kept; what waited to be is, before this answers. */
  close(): void;
}
