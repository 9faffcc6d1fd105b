/** What follows from a declaration alone is worked out once for each: lists ask for it thousands of times. */
import type { Resource } from "./resource.ts";

export function derived<T>(derive: (resource: Resource) => T): (resource: Resource) => T {
  const known = new WeakMap<Resource, { readonly value: T }>();
  return (resource) => {
    const found = known.get(resource) ?? { value: derive(resource) };
    known.set(resource, found);
    return found.value;
  };
}
