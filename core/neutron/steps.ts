/**
 * Several requests as one decision: each is decided as if a client had sent it, and sees what those before it wrote. So policy,
 * quotas and every rule of what they make hold.
 */
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import type { ApiRequest, ApiResponse } from "./api-types.ts";
import { act, create, remove } from "./api-write.ts";
import type { Attempt } from "./api-write.ts";
import type { Cloud } from "./cloud.ts";
import type { Decision, RowWrite } from "./decision.ts";
import type { AnyRules } from "./look.ts";

/** Made within an attempt, whose `put` it is given; who asks, and what is fresh, is that of the one request that it is for. */
export class Steps {
  readonly writes: RowWrite[] = [];
  readonly #cloud: Cloud;
  readonly #put: (writes: readonly RowWrite[]) => void;
  readonly #attempt: Attempt;

  constructor(cloud: Cloud, put: (writes: readonly RowWrite[]) => void, attempt: Attempt) {
    this.#cloud = cloud;
    this.#put = put;
    this.#attempt = attempt;
  }

  /** Id of what was made. */
  create(rules: AnyRules, name: string, said: object): Result<string> {
    const made = this.#taken(create(rules, this.#cloud, this.#asking({ [name]: said })));
    // Answered by the very rules that were asked, under this name.
    return made.ok ? ok((made.value.body as Readonly<Record<string, { readonly id: string }>>)[name]?.id ?? "") : made;
  }

  act(rules: AnyRules, id: string, deed: { readonly name: string; readonly body: object }): Result<ApiResponse> {
    return this.#taken(act(rules, this.#cloud, { ...this.#asking(deed.body), id, name: deed.name }));
  }

  remove(rules: AnyRules, id: string): Result<ApiResponse> {
    return this.#taken(remove(rules, this.#cloud, { ...this.#asking(undefined), id }));
  }

  #asking(body: unknown): Attempt {
    const { ifMatch: _, ...request }: ApiRequest = this.#attempt.request;
    return { request: { ...request, body }, fresh: this.#attempt.fresh };
  }

  #taken(decided: Result<Decision<ApiResponse>>): Result<ApiResponse> {
    if (!decided.ok) return decided;
    this.#put(decided.value.writes);
    this.writes.push(...decided.value.writes);
    return ok(decided.value.answer);
  }
}
