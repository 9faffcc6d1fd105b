/** What the lab's agents and its Nova know of each other: where the metadata API is, and one secret. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeSecret } from "#adapters/identity/secret-file.ts";
import { agentFile } from "./margay.ts";
import type { Lab } from "./place.ts";

function secretFile(lab: Lab): string {
  return join(lab.directory, "metadata-secret");
}

/** Writes both where the lab has none yet. `url`: the metadata API as the lab's machines reach it. */
export function provideMetadata(lab: Lab, url: string): void {
  if (readIfThere(secretFile(lab)) === undefined) writeSecret(secretFile(lab), `${randomBytes(24).toString("hex")}\n`);
  // JSON is YAML.
  writeFileSync(agentFile(lab), `${JSON.stringify({ metadata: { urls: [url], shared_secret_file: secretFile(lab) } })}\n`);
}

export function metadataSecret(lab: Lab): string {
  return readFileSync(secretFile(lab), "utf8").trim();
}
