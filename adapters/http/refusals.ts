/** What the listener itself refuses, in Neutron's form. */
import type { HttpAnswer } from "#contracts/http.ts";
import { refusalResponse } from "#core/neutron/api-types.ts";

function refusal(status: number, type: string, message: string): HttpAnswer {
  return refusalResponse({ status, type, message });
}

/** In seconds: what is in flight now is over by then, as a rule. */
const AGAIN = { "retry-after": "1" };

export const tooManyOfClient: HttpAnswer = {
  ...refusal(429, "HTTPTooManyRequests", "Too many requests of this client address are under way."),
  headers: AGAIN,
};

export const tooManyOfAll: HttpAnswer = {
  ...refusal(503, "HTTPServiceUnavailable", "Too many requests are under way."),
  headers: AGAIN,
};

export const bodyTooLarge = (most: number) => refusal(413, "HTTPRequestEntityTooLarge", `The body is larger than ${most} bytes.`);

export const badRequest = (message: string) => refusal(400, "HTTPBadRequest", message);

export const internalError = refusal(
  500,
  "HTTPInternalServerError",
  "Request Failed: internal server error while processing your request.",
);

/** Of a request that never became one; `code`: Node's. */
export function unread(code: string | undefined): HttpAnswer {
  if (code === "HPE_HEADER_OVERFLOW")
    return refusal(431, "HTTPRequestHeaderFieldsTooLarge", "The request line and its headers are larger than is allowed.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return refusal(408, "HTTPRequestTimeout", "The request did not arrive in time.");
  return badRequest("This is no HTTP request.");
}
