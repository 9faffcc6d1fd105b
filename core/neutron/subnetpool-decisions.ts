/** What is decided about subnet pools. How blocks are cut out of them is said in subnet-block.ts. */
import { without } from "../net/prefix-set.ts";
import type { Cidr } from "../net/prefix.ts";
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import { isObject } from "../resource/composites.ts";
import { refusalOf } from "../resource/read.ts";
import { isWrong } from "../resource/type.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { born, ownTarget, removal } from "./rules.ts";
import type { Acted, Acting, Action, Ask, Change, Rules } from "./rules.ts";
import { endOfSharing, isSharedWith, sharedTarget, sharingWrites } from "./sharing.ts";
import { changedPool, lengthsOf, losesBlocks, prefixesOf, secondDefault, wrongScope } from "./subnetpool-checks.ts";
import { onboard } from "./subnetpool-onboard.ts";
import * as refusal from "./subnetpool-refusals.ts";
import { prefixes } from "./subnetpool.ts";
import type { NewSubnetpool, Subnetpool, SubnetpoolPatch } from "./subnetpool.ts";

export const subnetpoolDecisions: Rules<"subnetpool"> = {
  table: "subnetpool",
  notFound: refusal.poolNotFound,
  target: sharedTarget,
  targetOfNew: ownTarget,
  computed: (cloud, row, { who }) => ({ shared: isSharedWith(cloud, row.id, who.project) }),
  create,
  update,
  delete: remove,
  actions: {
    add_prefixes: prefixAction((row, more) => [...row.prefixes, ...more]),
    remove_prefixes: prefixAction((row, fewer) => without(row.prefixes, fewer)),
    onboard_network_subnets: { may: ADMIN_OR_OWNER, act: onboard },
  },
};

function create(cloud: Cloud, { shared, ...said }: NewSubnetpool, { who, fresh }: Ask): Result<Change<Subnetpool>> {
  const blocks = prefixesOf(said.prefixes);
  if (!blocks.ok) return blocks;
  const lengths = lengthsOf(blocks.value.ip_version, said);
  if (!lengths.ok) return lengths;
  const row: Subnetpool = { ...born(fresh), tags: [], ...said, ...lengths.value, ...blocks.value };
  const wrong = secondDefault(cloud, row) ?? wrongScope(cloud, row, who);
  if (wrong !== undefined) return refused(wrong);
  return ok({ row, also: sharingWrites(cloud, { type: "subnetpool", object: row }, { shared, fresh }) });
}

function update(cloud: Cloud, row: Subnetpool, patch: SubnetpoolPatch, ask: Ask): Result<Change<Subnetpool>> {
  const changed = changedPool(cloud, { row, patch }, ask);
  if (!changed.ok) return changed;
  const shrinks = without(row.prefixes, changed.value.prefixes).length > 0;
  return shrinks ? refused(refusal.wrongPrefixes("Existing prefixes must be a subset of the new prefixes")) : ok({ row: changed.value });
}

function remove(cloud: Cloud, row: Subnetpool): Result<readonly RowWrite[]> {
  if (cloud.count("subnet", "subnetpool_id", row.id) > 0) return refused(refusal.poolInUse);
  return ok([...endOfSharing(cloud, row.id), removal("subnetpool", row.id)]);
}

/** `add_prefixes` and `remove_prefixes`: they are told prefixes, and answer all that there are. */
function prefixAction(after: (row: Subnetpool, said: readonly Cidr[]) => readonly Cidr[]): Action<"subnetpool"> {
  const act = (cloud: Cloud, row: Subnetpool, { body, ...ask }: Acting): Result<Acted<Subnetpool>> => {
    const said = prefixes.read(isObject(body) ? body["prefixes"] : undefined);
    if (isWrong(said)) return refused(refusalOf("prefixes", said));
    const changed = changedPool(cloud, { row, patch: { prefixes: after(row, said.value) } }, ask);
    if (!changed.ok) return changed;
    const wrong = losesBlocks(cloud, changed.value);
    return wrong === undefined ? ok({ row: changed.value, answer: { prefixes: changed.value.prefixes } }) : refused(wrong);
  };
  return { may: ADMIN_OR_OWNER, act };
}
