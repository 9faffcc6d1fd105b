/** docs/api.md: what the API has, out of its own document and declarations, and what it does not have. */
import { isMapping } from "../datacenter/source.ts";
import { ABSENT } from "./absent.ts";
import { extensionsOf } from "./extension.ts";
import { openapi } from "./openapi.ts";
import { TOLD } from "./openapi-special.ts";
import { schemaName } from "./openapi-schemas.ts";
import { DECLARED } from "./tables.ts";
import type { Resource } from "../resource/resource.ts";

/** Chapters in Markdown. */
export function apiMarkdown(): string {
  const operations = operationsOf();
  const kept = operations.filter(({ tag, path }) => tag !== SERVER && !/\/tags(\/|$)/.test(path));
  return [
    ...chapter("Resources", ["resource", "where", "what it is"], resourceRows(kept)),
    ...chapter("The server itself", ["where", "what is told"], serverRows(operations)),
    ...chapter(
      "Extensions",
      ["alias", "what it is"],
      extensionsOf(Object.values(DECLARED)).map(({ alias, description }) => [`\`${alias}\``, description]),
    ),
    ...chapter(
      "What is not here, and why",
      ["what", "Neutron's aliases", "why"],
      ABSENT.map(({ what, aliases, why }) => [what, aliases.map((alias) => `\`${alias}\``).join(" "), why]),
    ),
  ].join("\n");
}

/** Of operations that belong to no resource. */
const SERVER = "server";

interface Operation {
  readonly path: string;
  /** `GET` */
  readonly method: string;
  readonly tag: string;
  readonly summary: string;
}

function operationsOf(): readonly Operation[] {
  return members(openapi("")["paths"]).flatMap(([path, operations]) =>
    members(operations).map(([method, operation]) => {
      const { tags, summary } = Object.fromEntries(members(operation));
      return { path, method: method.toUpperCase(), tag: String(Array.isArray(tags) ? tags[0] : SERVER), summary: String(summary) };
    }),
  );
}

function members(value: unknown): readonly (readonly [string, unknown])[] {
  return isMapping(value) ? Object.entries(value) : [];
}

function resourceRows(operations: readonly Operation[]): readonly (readonly string[])[] {
  const declared: readonly Resource[] = [...Object.values(DECLARED), ...TOLD];
  return [...new Set(operations.map(({ tag }) => tag))].map((tag) => {
    const resource = declared.find((one) => schemaName(one) === tag);
    const tagged = resource !== undefined && "tags" in resource.attributes ? " It has tags." : "";
    return [`\`${tag}\``, placesOf(operations.filter((one) => one.tag === tag)), `${resource?.note ?? ""}${tagged}`];
  });
}

/** Paths with their methods, a line each. */
function placesOf(operations: readonly Operation[]): string {
  const paths = [...new Set(operations.map(({ path }) => path))];
  const methods = (path: string) => operations.filter((one) => one.path === path).map(({ method }) => method);
  return paths.map((path) => `${methods(path).join(" ")} \`${path.replace(/^\/v2\.0\//, "")}\``).join("<br>");
}

function serverRows(operations: readonly Operation[]): readonly (readonly string[])[] {
  return operations.filter(({ tag }) => tag === SERVER).map(({ method, path, summary }) => [`${method} \`${path}\``, summary]);
}

function chapter(title: string, header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [header, header.map(() => "---"), ...rows].map(
    (row) => `| ${row.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`,
  );
  return [`## ${title}`, "", ...lines, ""];
}
