/** What is refused of questions about who somebody is, and the form in which Keystone's clients are told. */
import { refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";

/** What is answered; `body` absent: nothing. */
export interface IdentityAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** `type` is the title that Keystone gives the status. */
const refusal = (status: number, type: string, message: string): Refusal => ({ status, type, message });

/** One text for everything that is wrong with a login or a token: whoever guesses is not told what was right. */
export const unauthorized = refusal(401, "Unauthorized", "The request you have made requires authentication.");
export const malformed = (message: string) => refusal(400, "Bad Request", message);
export const notAllowed = refusal(403, "Forbidden", "You are not authorized to perform the requested action.");
export const keptInFile = refusal(
  403,
  "Forbidden",
  "Users, projects and roles are kept in a file of the controller: they are changed there, or by `margay identity`, not by this API.",
);
export const notFound = (what: string) => refusal(404, "Not Found", `Could not find ${what}.`);
export const wrongMethod = refusal(405, "Method Not Allowed", "The method is not allowed here.");
export const tooMany = refusal(429, "Too Many Requests", "Too many failed attempts from this address: wait before the next.");
export const unavailable = (message: string) => refusal(503, "Service Unavailable", message);

/** `{"error": {"code": 401, "title": "Unauthorized", "message": …}}` */
export function errorAnswer({ status, type, message }: Refusal): IdentityAnswer {
  return { status, body: { error: { code: status, title: type, message } } };
}

export function answerOf(result: Result<IdentityAnswer>): IdentityAnswer {
  return result.ok ? result.value : errorAnswer(result.refusal);
}

/** The same for whoever reads better without nesting. */
export function refuse(refusal: Refusal): IdentityAnswer {
  return answerOf(refused(refusal));
}
