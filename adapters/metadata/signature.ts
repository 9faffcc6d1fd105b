/** How Nova knows that it is asked by somebody who knows its secret. */
import { createHmac } from "node:crypto";

/** Hexadecimal HMAC-SHA256 (nova/api/metadata/handler.py). */
export function signatureOf(secret: string, instance: string): string {
  return createHmac("sha256", secret).update(instance).digest("hex");
}
