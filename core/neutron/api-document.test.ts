/** What docs/api.md says that is not here is not here. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ABSENT } from "./absent.ts";
import { apiMarkdown } from "./api-document.ts";
import { pathOf } from "../resource/resource.ts";
import { extensionsOf } from "./extension.ts";
import { declarationOf } from "./look.ts";
import { ROUTES } from "./routes.ts";
import { ADMIN, sandbox } from "./sandbox.ts";
import { DECLARED } from "./tables.ts";

const TOLD = new Set(extensionsOf(Object.values(DECLARED)).map(({ alias }) => alias));

describe("what is not here", () => {
  const api = sandbox();
  for (const { what, aliases, paths } of ABSENT) {
    test(what, () => {
      assert.deepEqual(
        aliases.filter((alias) => TOLD.has(alias)),
        [],
      );
      for (const path of paths) assert.equal(api.ask(ADMIN, "GET", path).status, 404, path);
    });
  }
});

test("the page has every route, and every extension", () => {
  const page = apiMarkdown();
  for (const rules of ROUTES.values()) assert.ok(page.includes(` \`${pathOf(declarationOf(rules))}\``), rules.table);
  for (const alias of TOLD) assert.ok(page.includes(`| \`${alias}\` |`), alias);
});
