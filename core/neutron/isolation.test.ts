/**
 * Two projects side by side: whatever is not shared is to the one as if the other's were not there. By the declarations, so a new
 * resource is tried by being declared. What a stranger is told of an object is held against what it is told of none at all.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Who } from "../policy/who.ts";
import { chosen, pathOf } from "../resource/resource.ts";
import type { Attribute } from "../resource/resource.ts";
import { isWrong } from "../resource/type.ts";
import type { ApiResponse } from "./api-types.ts";
import { referredBy } from "./consistency-rows.ts";
import { LEAST } from "./least.ts";
import { ADMIN, allIn, shownIn } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";
import { DECLARED } from "./tables.ts";
import { A, as, B, isOwned, nestedOnes, owned, rowsOf, urlOf, world } from "./two-projects.ts";
import type { World } from "./two-projects.ts";

const MANAGER = as(A, "manager");
/** None of these has anything to do with what is B's. */
const STRANGERS = { manager: MANAGER, member: as(A, "member"), reader: as(A, "reader"), "nobody of B": as(B), nobody: as(A) };

/** No object's, and as long as all of them. */
const MISSING = "0badc0de-0000-4000-8000-000000000000";

const tables: readonly string[] = Object.keys(DECLARED);

interface Asked {
  readonly who: Who;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** Asks, and holds the answer to what a stranger may be told: nothing of B's that it did not say itself. */
function ask(it: World, { who, method, path, body }: Asked): ApiResponse {
  const response = it.box.ask(who, method, path, body);
  const said = `${path} ${JSON.stringify(body)}`;
  const told = JSON.stringify(response.body ?? "");
  for (const secret of it.secrets)
    assert.ok(said.includes(secret) || !told.includes(secret), `${method} ${said} as ${who.roles.join()} tells ${secret}: ${told}`);
  return response;
}

/** The same is answered of B's as of what is not there, and nothing changes. */
function alike(it: World, asked: (id: string) => Asked, id: string): void {
  const before = rowsOf(it);
  const texts = [id, MISSING].map((one) => {
    const response = ask(it, asked(one));
    return JSON.stringify(response).replaceAll(one, "ID");
  });
  const { method, path, body, who } = asked(id);
  assert.equal(texts[0], texts[1], `${method} ${path} ${JSON.stringify(body)} as ${who.roles.join()}`);
  assert.equal(rowsOf(it), before, `${method} ${path} changed something`);
}

/** Said where creation or change may say it. */
const isSaid = ({ write }: Attribute, verb: "create" | "change") => write === "always" || write === verb;

/** Values that the attribute's type takes, other than what it is by default. */
function valuesOf({ type, default: usual }: Attribute): readonly unknown[] {
  const candidates = [true, false, null, 7, 4, "x", [], {}, ["compute:nova"], "10.1.2.3", "00:00:5e:00:53:01", MISSING, [MISSING]];
  return candidates.filter((value) => {
    const read = type.read(value);
    return !isWrong(read) && (usual === chosen || JSON.stringify(read.value) !== JSON.stringify(usual));
  });
}

for (const { one, resource } of owned) {
  const { name, plural, attributes } = resource;
  const it = world();
  const [id, url] = [it.b.ids[name] ?? assert.fail(), it.b.urls[name] ?? assert.fail()];
  // Below an object of B's nothing is there; the strangers' own URL otherwise.
  const others = (who: Who) => (resource.under === undefined ? url : urlOf(resource, who.project === A ? it.a : it.b));

  describe(`${name} of one project, to strangers`, () => {
    for (const [label, who] of Object.entries(STRANGERS)) {
      test(`${label} sees none: by id, by fields, in lists by any filter and order, or as a marker`, () => {
        const shown = shownIn(it.box.ask(ADMIN, "GET", `${url}/${id}`), name);
        alike(it, (one) => ({ who, method: "GET", path: `${url}/${one}` }), id);
        alike(it, (one) => ({ who, method: "GET", path: `${url}/${one}?fields=id&fields=project_id` }), id);
        for (const query of ["limit=1", "page_reverse=True&limit=1", "sort_key=id&sort_dir=desc&limit=2"])
          alike(it, (one) => ({ who, method: "GET", path: `${others(who)}?${query}&marker=${one}` }), id);
        ask(it, { who, method: "GET", path: others(who) });
        for (const [attribute, { type, filter, sort }] of Object.entries(attributes)) {
          if (sort === true) ask(it, { who, method: "GET", path: `${others(who)}?sort_key=${attribute}&sort_dir=asc` });
          for (const key of filter === true && shown[attribute] !== undefined ? type.keys(shown[attribute]) : []) {
            const path = `${others(who)}?${attribute}=${encodeURIComponent(key)}`;
            const found = ask(it, { who, method: "GET", path });
            assert.ok(found.status !== 200 || allIn(found, plural).every((each) => each["id"] !== id), path);
          }
        }
      });

      test(`${label} changes none: by change, deletion, tags, actions or what lies below`, () => {
        const put = (said: Fields) => alike(it, (one) => ({ who, method: "PUT", path: `${url}/${one}`, body: { [name]: said } }), id);
        put({});
        for (const [attribute, declared] of Object.entries(attributes))
          for (const value of isSaid(declared, "change") ? valuesOf(declared) : ["x"]) put({ [attribute]: value });
        alike(it, (one) => ({ who, method: "DELETE", path: `${url}/${one}` }), id);
        for (const [method, path, body] of [
          ["GET", "tags"],
          ["PUT", "tags", { tags: ["x"] }],
          ["POST", "tags", { tags: ["x"] }],
          ["PUT", "tags/x"],
          ["GET", "tags/x"],
          ["DELETE", "tags/x"],
          ["DELETE", "tags"],
        ] as const)
          alike(it, (one) => ({ who, method, path: `${url}/${one}/${path}`, body }), id);
        for (const action of Object.keys(one.actions ?? {}))
          for (const body of [{}, { [name]: { routes: [] } }, { port_id: it.a.ids["port"] }, { prefixes: ["10.77.0.0/16"] }])
            alike(it, (each) => ({ who, method: "PUT", path: `${url}/${each}/${action}`, body }), id);
        for (const part of Object.keys(one.parts ?? {}))
          for (const method of ["GET", "POST", "PUT", "DELETE"])
            for (const rest of ["", "/x", "/x/activate"]) alike(it, (each) => ({ who, method, path: `${url}/${each}/${part}${rest}` }), id);
        for (const { resource: below } of nestedOnes.filter((each) => each.resource.under?.resource === name)) {
          const least = LEAST[below.name]?.(it.a.ids);
          const [path, row] = [pathOf(below), it.b.ids[below.name]];
          alike(it, (each) => ({ who, method: "GET", path: `${url}/${each}/${path}` }), id);
          alike(it, (each) => ({ who, method: "POST", path: `${url}/${each}/${path}`, body: { [below.name]: least } }), id);
          for (const method of ["GET", "PUT", "DELETE"])
            alike(
              it,
              (each) => ({ who, method, path: `${url}/${each}/${path}/${row}`, body: method === "PUT" ? { [below.name]: {} } : undefined }),
              id,
            );
        }
      });
    }
  });
}

/** Where Neutron says 403 of what it would hide elsewhere, and its clients expect it. */
const TOLD = new Set(["subnet.network_id", "security_group_rule.security_group_id"]);

/** What an attribute can name by id, and the form in which it does. */
function namings(table: string, name: string, attribute: Attribute): readonly { readonly to: string; value(id: string): unknown }[] {
  const to = attribute.refers ?? referredBy(name) ?? (name.endsWith("_id") ? name.slice(0, -3) : undefined);
  const plain = to === undefined ? [] : [{ to, value: (id: string): unknown => (isWrong(attribute.type.read(MISSING)) ? [id] : id) }];
  const members: readonly (readonly [string, string, (id: string) => unknown])[] = [
    ["fixed_ips", "subnet", (id) => [{ subnet_id: id }]],
    ["fixed_ips", "subnet", (id) => [{ subnet_id: id, ip_address: "10.9.10.9" }]],
    ["external_gateway_info", "network", (id) => ({ network_id: id })],
    ["object_id", "network", (id) => id],
  ];
  const inside = members.filter(([attributed]) => attributed === name).map(([, of, value]) => ({ to: of, value }));
  return TOLD.has(`${table}.${name}`) ? [] : [...plain.filter((one) => tables.includes(one.to)), ...inside];
}

const RESOURCE_OF: ReadonlyMap<string, string> = new Map(Object.entries(DECLARED).map(([table, { name }]) => [table, name]));

describe("a reference to what is another project's", () => {
  for (const { table, resource } of owned) {
    for (const [name, attribute] of Object.entries(resource.attributes)) {
      for (const [at, { to, value }] of namings(table, name, attribute).entries()) {
        test(`${resource.name}.${name} (${at}) to a ${to} is as good as to none`, () => {
          const it = world();
          const other = it.b.ids[RESOURCE_OF.get(to) ?? to] ?? assert.fail(`no ${to}`);
          const least = LEAST[resource.name]?.(it.a.ids) ?? {};
          const path = it.a.urls[resource.name] ?? "";
          const say = (id: string): Fields => ({ [name]: value(id) });
          if (isSaid(attribute, "create")) {
            const many = (id: string) => ({ [resource.plural]: [least, { ...least, ...say(id) }] });
            alike(it, (id) => ({ who: MANAGER, method: "POST", path, body: { [resource.name]: { ...least, ...say(id) } } }), other);
            alike(it, (id) => ({ who: MANAGER, method: "POST", path, body: many(id) }), other);
          }
          if (isSaid(attribute, "change") && resource.may.update !== undefined) {
            const own = `${path}/${it.a.ids[`second ${resource.name}`] ?? it.a.ids[resource.name]}`;
            alike(it, (id) => ({ who: MANAGER, method: "PUT", path: own, body: { [resource.name]: say(id) } }), other);
          }
        });
      }
    }
  }

  for (const [name, to] of [
    ["add_router_interface", "port"],
    ["add_router_interface", "subnet"],
    ["remove_router_interface", "port"],
    ["remove_router_interface", "subnet"],
  ] as const)
    test(`${name} by a ${to} is as good as by none`, () => {
      const it = world();
      const path = `routers/${it.a.ids["router"]}/${name}`;
      alike(it, (id) => ({ who: MANAGER, method: "PUT", path, body: { [`${to}_id`]: id } }), it.b.ids[to] ?? assert.fail());
    });

  test("to a network whose subnets are to be taken into a pool, too", () => {
    const it = world();
    const path = `subnetpools/${it.a.ids["subnetpool"]}/onboard_network_subnets`;
    alike(it, (network_id) => ({ who: MANAGER, method: "PUT", path, body: { network_id } }), it.b.ids["network"] ?? assert.fail());
  });
});

describe("what is told of projects", () => {
  for (const [label, who] of Object.entries(STRANGERS).filter(([, { project: own }]) => own === A))
    test(`${label} is told nothing of the quota, topology or networks of another`, () => {
      const it = world();
      for (const path of ["quotas/ID", "quotas/ID/details", "quotas/ID/default", "auto-allocated-topology/ID"])
        for (const method of ["GET", "PUT", "DELETE"]) {
          const body = method === "PUT" ? { quota: { port: 1 } } : undefined;
          const texts = [B, "c".repeat(32)].map((id) =>
            JSON.stringify(ask(it, { who, method, path: path.replace("ID", id), body })).replaceAll(id, "ID"),
          );
          assert.equal(texts[0], texts[1], `${method} ${path}`);
        }
      const network = it.b.ids["network"] ?? assert.fail();
      alike(it, (id) => ({ who, method: "GET", path: `network-ip-availabilities/${id}` }), network);
      for (const path of ["network-ip-availabilities", "floatingip_pools", "quotas", "agents"]) ask(it, { who, method: "GET", path });
    });
});

describe("whose something is", () => {
  for (const { resource } of owned.filter((each) => isOwned(each.resource)))
    test(`${resource.name} is for its maker's project, and stays so`, () => {
      const it = world();
      const before = rowsOf(it);
      const [path, least] = [it.a.urls[resource.name] ?? "", LEAST[resource.name]?.(it.a.ids) ?? {}];
      for (const spoof of [{ project_id: B }, { tenant_id: B }, { project_id: A, tenant_id: B }, { project_id: null }, { tenant_id: "" }])
        for (const body of [{ [resource.name]: { ...least, ...spoof } }, { [resource.plural]: [least, { ...least, ...spoof }] }])
          assert.equal(ask(it, { who: MANAGER, method: "POST", path, body }).status, 400, JSON.stringify(body));
      for (const who of [MANAGER, ADMIN, as(A, "service")])
        for (const spoof of [{ project_id: B }, { tenant_id: B }, { project_id: A, tenant_id: B }, { tenant_id: A }]) {
          const answer = it.box.ask(who, "PUT", `${path}/${it.a.ids[resource.name]}`, { [resource.name]: spoof });
          assert.ok(answer.status >= 400 && answer.status < 500, JSON.stringify(spoof));
        }
      assert.equal(rowsOf(it), before);
    });
});

describe("of one's own, readers change nothing, and who has no role sees nothing", () => {
  for (const { one, resource } of owned)
    test(resource.name, () => {
      const it = world();
      const before = rowsOf(it);
      const [path, own] = [it.a.urls[resource.name] ?? "", it.a.ids[resource.name] ?? ""];
      const least = LEAST[resource.name]?.(it.a.ids) ?? {};
      const said = { [resource.name]: least };
      const writes: readonly (readonly [string, string, unknown?])[] = [
        ["POST", path, said],
        ["POST", path, { [resource.plural]: [least, least] }],
        ["PUT", `${path}/${own}`, { [resource.name]: {} }],
        ["DELETE", `${path}/${own}`],
        ["PUT", `${path}/${own}/tags`, { tags: ["x"] }],
        ["POST", `${path}/${own}/tags`, { tags: ["x"] }],
        ["PUT", `${path}/${own}/tags/x`],
        ["DELETE", `${path}/${own}/tags`],
        ...Object.keys(one.actions ?? {}).map((name) => ["PUT", `${path}/${own}/${name}`, {}] as const),
        ...Object.entries(resource.attributes)
          .filter(([, declared]) => isSaid(declared, "change"))
          .flatMap(([name, declared]) =>
            valuesOf(declared).map((value) => ["PUT", `${path}/${own}`, { [resource.name]: { [name]: value } }] as const),
          ),
      ];
      for (const who of [as(A, "reader"), as(A)])
        for (const [method, url, body] of writes) {
          const { status } = it.box.ask(who, method, url, body);
          assert.ok(status >= 400 && status < 500, `${method} ${url} ${JSON.stringify(body)}: ${status}`);
        }
      assert.equal(rowsOf(it), before);
      if (resource.under === undefined) assert.deepEqual(allIn(it.box.ask(as(A), "GET", path), resource.plural), []);
      assert.equal(it.box.ask(as(A), "GET", `${path}/${own}`).status, 404);
      assert.equal(it.box.ask(as(A, "reader"), "GET", `${path}/${own}`).status, 200);
    });

  test("nor what is shared, or external", () => {
    const it = world();
    for (const path of [
      "networks",
      "subnets",
      "floatingip_pools",
      "default-security-group-rules",
      "availability_zones",
      "service-providers",
    ])
      for (const value of Object.values(it.box.ask(as(A), "GET", path).body as Fields)) assert.deepEqual(value, [], path);
    const port = { network_id: it.a.ids["network"] };
    assert.equal(it.box.ask(as(A, "reader"), "POST", "ports", { port }).status, 403);
  });
});

describe("attributes for administrators", () => {
  const guarded = owned.flatMap(({ resource }) =>
    Object.entries(resource.attributes).flatMap(([name, attribute]) =>
      (["create", "update"] as const)
        .filter((verb) => isSaid(attribute, verb === "update" ? "change" : verb) && JSON.stringify(attribute.guard?.[verb]) === '["admin"]')
        .map((verb) => ({ resource, name, attribute, verb })),
    ),
  );
  for (const { resource, name, attribute, verb } of guarded)
    test(`${resource.name}.${name} is not for others to ${verb}, alone or among others`, () => {
      const it = world();
      const before = rowsOf(it);
      const [path, own] = [it.a.urls[resource.name] ?? "", it.a.ids[resource.name] ?? ""];
      const least = LEAST[resource.name]?.(it.a.ids) ?? {};
      for (const value of valuesOf(attribute)) {
        const said = { [name]: value };
        const bodies =
          verb === "create" ? [{ [resource.name]: { ...least, ...said } }, { [resource.plural]: [least, { ...least, ...said }] }] : [];
        for (const body of bodies) assert.equal(ask(it, { who: MANAGER, method: "POST", path, body }).status, 403, JSON.stringify(body));
        if (verb === "update")
          assert.equal(ask(it, { who: MANAGER, method: "PUT", path: `${path}/${own}`, body: { [resource.name]: said } }).status, 403);
      }
      assert.equal(rowsOf(it), before);
    });
});

describe("another service of the cloud", () => {
  const SERVICE = as("5".repeat(32), "service");
  const SEEN = new Set(["network", "subnet", "port"]);

  for (const { one, resource } of owned.filter((each) => each.resource.name !== "port"))
    test(`changes no ${resource.name}, and sees ${SEEN.has(resource.name) ? "all" : "none"}`, () => {
      const it = world();
      const before = rowsOf(it);
      const [path, id] = [it.b.urls[resource.name] ?? "", it.b.ids[resource.name] ?? ""];
      const [ours, least] = [isOwned(resource) ? { project_id: B } : {}, LEAST[resource.name]?.(it.b.ids) ?? {}];
      const refused = (method: string, url: string, body?: unknown) => {
        const { status } = it.box.ask(SERVICE, method, url, body);
        assert.ok([403, 404, 405].includes(status), `${method} ${url}: ${status}`);
      };
      refused("POST", path, { [resource.name]: { ...least, ...ours } });
      refused("PUT", `${path}/${id}`, { [resource.name]: {} });
      refused("DELETE", `${path}/${id}`);
      if ("tags" in resource.attributes) refused("PUT", `${path}/${id}/tags`, { tags: [] });
      for (const action of Object.keys(one.actions ?? {})) refused("PUT", `${path}/${id}/${action}`, {});
      assert.equal(rowsOf(it), before);
      assert.equal(it.box.ask(SERVICE, "GET", `${path}/${id}`).status, SEEN.has(resource.name) ? 200 : 404);
    });

  test("has no policies, quotas or agents of others to tell of", () => {
    const it = world();
    for (const path of [`quotas/${B}`, "quotas", `auto-allocated-topology/${B}`])
      assert.equal(it.box.ask(SERVICE, "GET", path).status, 403, path);
    assert.deepEqual(allIn(it.box.ask(SERVICE, "GET", "agents"), "agents"), []);
  });
});
