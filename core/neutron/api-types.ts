/** What the pure API is asked and what it answers. */
import type { Who } from "../policy/who.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Decide } from "./decision.ts";

export interface ApiRequest {
  readonly method: string;
  /** Below /v2.0, decoded segments. */
  readonly path: readonly string[];
  readonly query: readonly (readonly [string, string])[];
  /** Parsed JSON; undefined: none. */
  readonly body: unknown;
  readonly ifMatch?: string;
  /** Id of what the asked resource lies under: the part of the path before it. */
  readonly parent?: string;
  readonly who: Who;
  /** Where links in answers begin: `http://controller:9696/v2.0`. */
  readonly base: string;
  /** As in `Fresh`; reads need it to say which agents are alive. */
  readonly now: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What takes long to say: the whole answer, a part at a time, so that others are answered in between. */
  readonly rest?: () => Generator<undefined, ApiResponse>;
}

export type ApiAnswer =
  | { readonly kind: "read"; readonly response: ApiResponse }
  /** To be decided by the writer; a refusal is told by `refusalResponse`. */
  | { readonly kind: "write"; readonly decide: Decide<Cloud, ApiResponse> };

/** An answer that needs no writer. */
export function readAnswer(result: Result<ApiResponse>): ApiAnswer {
  return { kind: "read", response: result.ok ? result.value : refusalResponse(result.refusal) };
}

/** Every refusal in the one form that clients decode. */
export function refusalResponse(refusal: Refusal): ApiResponse {
  return { status: refusal.status, body: { NeutronError: { type: refusal.type, message: refusal.message, detail: "" } } };
}
