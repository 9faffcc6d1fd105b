/** A file that may not be there. */
import { readFileSync } from "node:fs";
import { isMissing } from "./errors.ts";

/** What is in it; empty when it is not there. Throws as Node does when it cannot be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}
