/** What every keeper of a last view keeps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { View } from "#core/feed/item.ts";
import { membersIn } from "#core/feed/members.ts";
import type { Ip } from "#core/net/address.ts";
import type { LastView } from "./last-view.ts";

/** `fresh` is as a later process finds it. */
export type OpenLastView = (t: TestContext) => { readonly fresh: () => LastView };

export function viewWith(group: string, ips: readonly string[]): View {
  return {
    datacenter: undefined,
    endpoints: new Map(),
    subnets: new Map(),
    groups: new Map([[group, { id: group, stateful: true, rules: [] }]]),
    members: new Map([[group, membersIn(ips as readonly Ip[])]]),
    prefixes: new Map(),
    assignments: new Map(),
  };
}

export function lastViewContract(name: string, open: OpenLastView): void {
  describe(`${name} keeps a last view:`, () => {
    test("before anything is kept there is nothing", (t) => {
      assert.equal(open(t).fresh().recall().state, "none");
    });

    test("what is kept last is recalled, by a later process too", (t) => {
      const { fresh } = open(t);
      const first = fresh();
      first.keep({ view: viewWith("a", ["10.0.0.1"]), revision: 1 });
      first.keep({ view: viewWith("b", ["10.0.0.2", "2001:db8::1"]), revision: 2 });
      first.close();
      const recalled = fresh().recall();
      assert.deepEqual(recalled, { state: "whole", view: viewWith("b", ["10.0.0.2", "2001:db8::1"]), revision: 2 });
    });
  });
}
