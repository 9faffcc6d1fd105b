/** Who asks, by the headers of a request: Keystone, or whatever stands for it. */
import type { Who } from "#core/policy/who.ts";
import type { Result } from "#core/result.ts";

export interface Identity {
  /**
   * Names of headers in lower case. A refusal has status 401: ask again with a valid token; 403: the token is good, but for
   * no project; 503: nobody can say at the moment, and the token may be good.
   */
  identify(headers: Readonly<Record<string, string>>): Promise<Result<Who>>;
  /** Where to get a token, as the value of `WWW-Authenticate`. `base`: this controller as the client reached it. */
  challenge(base: string): string;
}
