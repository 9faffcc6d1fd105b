/** Every RBAC policy by what it gives to whom, so that asking costs the same however many projects an object is shared with. */
import type { RbacPolicy } from "./rbac-policy.ts";

/** Ids of policies by target: a project, or `*`. */
export type Given = ReadonlyMap<string, string>;

const NOTHING: Given = new Map();

export class Grants {
  /** By action, then by object. */
  readonly #given = new Map<string, Map<string, Map<string, string>>>();

  /** What was given for that object. */
  of(object: string, action: string): Given {
    return this.#given.get(action)?.get(object) ?? NOTHING;
  }

  /** Moves a policy from what it gave to what it gives. */
  move(had: RbacPolicy | undefined, has: RbacPolicy | undefined): void {
    if (had !== undefined) this.#remove(had);
    if (has !== undefined) this.#add(has);
  }

  #add({ id, action, object_id: object, target_tenant: target }: RbacPolicy): void {
    const objects = this.#given.get(action) ?? new Map<string, Map<string, string>>();
    const targets = objects.get(object) ?? new Map<string, string>();
    this.#given.set(action, objects.set(object, targets.set(target, id)));
  }

  #remove({ id, action, object_id: object, target_tenant: target }: RbacPolicy): void {
    const objects = this.#given.get(action);
    const targets = objects?.get(object);
    // The next policy of the same words may have come before this one went.
    if (objects === undefined || targets?.get(target) !== id) return;
    targets.delete(target);
    if (targets.size === 0) objects.delete(object);
  }
}
