/** Pages of a list are parts of the list, wherever their rows are found. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN, allIn, idOf, MEMBER, OTHER, sandbox } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";

/** 60 ports on two networks, of two projects; ids do not come in order. */
function many() {
  const box = sandbox();
  const networks = [MEMBER, OTHER].map(({ project }) => idOf(box.ask(ADMIN, "POST", "networks", { network: { project_id: project } })));
  const sample = idOf(box.ask(MEMBER, "POST", "ports", { port: { network_id: networks[0] } }));
  const row = box.cloud.get("port", sample);
  const list = (query: string, who = ADMIN) => box.ask(who, "GET", `ports?${query}`);
  for (let n = 1; n < 60; n += 1) {
    const id = `${((n * 37) % 60).toString(16).padStart(8, "0")}-0000-4000-8000-00000000aaaa`;
    const project_id = (n % 5 < 2 ? MEMBER : OTHER).project;
    box.cloud.apply(`port/${id}`, { ...row, id, project_id, network_id: networks[n % 2], name: `port-${n % 7}`, device_id: `vm-${n % 3}` });
    // The order is asked for in between, and must take in what comes afterwards.
    if (n === 20) list("limit=1");
  }
  return { box, list, networks };
}

const ids = (objects: readonly Fields[]) => objects.map(({ id }) => String(id));
const queries = (networks: readonly string[]) => [
  "admin_state_up=true",
  `network_id=${networks[0]}`,
  "device_id=vm-1",
  "name=port-3",
  `device_id=vm-2&network_id=${networks[1]}`,
];

test("pages follow each other in the order of ids, forwards and backwards, with any filter", () => {
  const { list, networks } = many();
  for (const query of queries(networks)) {
    for (const who of [ADMIN, MEMBER]) {
      const all = ids(allIn(list(query, who), "ports"));
      assert.deepEqual(all, all.toSorted());
      assert.ok(all.length > 2, query);
      for (const limit of [1, 4, all.length, 100]) {
        for (const [at, marker] of all.entries()) {
          const page = (more: string) => ids(allIn(list(`${query}&limit=${limit}&marker=${marker}${more}`, who), "ports"));
          assert.deepEqual(page(""), all.slice(at + 1, at + 1 + limit));
          assert.deepEqual(page("&page_reverse=True"), all.slice(Math.max(0, at - limit), at));
        }
      }
    }
  }
});

test("a page in another order is a part of the list in that order", () => {
  const { list, networks } = many();
  for (const query of queries(networks)) {
    for (const order of [
      "sort_key=name&sort_dir=desc",
      "sort_key=id&sort_dir=desc",
      "sort_key=name&sort_dir=asc&sort_key=device_id&sort_dir=desc",
    ]) {
      const all = ids(allIn(list(`${query}&${order}`), "ports"));
      for (const [at, marker] of all.entries())
        assert.deepEqual(ids(allIn(list(`${query}&${order}&limit=3&marker=${marker}`), "ports")), all.slice(at + 1, at + 4));
    }
  }
});

test("what was deleted is on no page, and what was made is on its own", () => {
  const { box, list } = many();
  const before = ids(allIn(list("limit=100"), "ports"));
  for (const id of before.filter((_, at) => at % 2 === 0)) box.cloud.apply(`port/${id}`, undefined);
  assert.deepEqual(
    ids(allIn(list("limit=100"), "ports")),
    before.filter((_, at) => at % 2 === 1),
  );
  assert.equal(list(`limit=2&marker=${before[0]}`).status, 404);
});
