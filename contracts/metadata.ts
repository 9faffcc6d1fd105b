/** Nova's metadata API, as an agent asks it in the name of a VM. */
import type { Header } from "#core/metadata/headers.ts";

export interface MetadataQuestion {
  readonly method: string;
  /** With the query: `/openstack/latest/meta_data.json`. */
  readonly path: string;
  /** Those that say who asks included. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

export type MetadataAnswer =
  | {
      readonly state: "answered";
      readonly status: number;
      readonly headers: readonly Header[];
      /** To be read to its end; throws when the answer does not come to it, or nothing of it for too long. Whoever stops reading is done with it. */
      readonly body: AsyncIterable<Uint8Array>;
    }
  /** Nobody is there, or not who should be. */
  | { readonly state: "unreachable"; readonly reason: string }
  /** It took the question, and did not begin to answer in time. */
  | { readonly state: "late"; readonly reason: string }
  /** HTTP cannot say this. */
  | { readonly state: "invalid"; readonly reason: string };

export type WhenGone = (call: () => void) => void;

export interface MetadataApi {
  /** Never rejects. `whenGone` is told what to call when whoever asked has gone before the answer has begun. */
  ask(question: MetadataQuestion, whenGone: WhenGone): Promise<MetadataAnswer>;
  /** Lets go of what is open. */
  close(): void;
}
