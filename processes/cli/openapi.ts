/** `margay openapi`: the API as an OpenAPI document, as a running controller tells it at /margay/v1/openapi.json. */
import { Command } from "commander";
import { openapi } from "#core/neutron/openapi.ts";
import { ownVersion } from "../version.ts";

export function command(): Command {
  return new Command("openapi").description("Print the API as an OpenAPI 3.1 document").action(() => {
    process.stdout.write(`${JSON.stringify(openapi(ownVersion()), undefined, 2)}\n`);
  });
}
