/** An operator's limit on lists: nobody is told more objects at once, and pages lead to the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN, allIn, sandbox } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";

function box() {
  const made = sandbox({ longestList: 2 });
  for (const name of ["a", "b", "c", "d", "e"]) made.ask(ADMIN, "POST", "networks", { network: { name } });
  return made;
}

for (const asked of ["", "limit=0", "limit=4", "limit=2"]) {
  test(`a list asked for with "${asked}" comes in pages of two`, () => {
    const it = box();
    const pages: number[] = [];
    let query: string | undefined = asked;
    while (query !== undefined) {
      const page = it.ask(ADMIN, "GET", `networks?${query}`);
      pages.push(allIn(page, "networks").length);
      const links = ((page.body as Fields)["networks_links"] ?? []) as readonly Fields[];
      query = String(links.find(({ rel }) => rel === "next")?.["href"] ?? "").split("?")[1];
    }
    assert.deepEqual(pages, [2, 2, 1]);
  });
}

test("a smaller page stays as it was asked for", () =>
  assert.equal(allIn(box().ask(ADMIN, "GET", "networks?limit=1"), "networks").length, 1));
