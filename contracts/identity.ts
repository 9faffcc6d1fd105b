/** Who asks, by the headers of a request: Keystone, or whatever stands for it. */
import type { Who } from "#core/policy/who.ts";
import type { Result } from "#core/result.ts";

export interface Identity {
  /** Names of headers in lower case. A refusal has status 401: ask again with a valid token. */
  identify(headers: Readonly<Record<string, string>>): Promise<Result<Who>>;
}
