/** What is refused of any request, whatever it is about: Neutron's classes and texts, which clients match. */
import type { Refusal } from "../result.ts";

export const badRequest = (message: string): Refusal => ({ status: 400, type: "HTTPBadRequest", message });

export const invalidInput = (message: string): Refusal => ({
  status: 400,
  type: "InvalidInput",
  message: `Invalid input for operation: ${message}.`,
});

export const badResource = (resource: string, message: string): Refusal => ({
  status: 400,
  type: "BadRequest",
  message: `Bad ${resource} request: ${message}.`,
});

export const forbidden = (rule: string): Refusal => ({
  status: 403,
  type: "PolicyNotAuthorized",
  message: `${rule} is disallowed by policy`,
});
