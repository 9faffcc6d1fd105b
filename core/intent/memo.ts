/**
 * Pure functions that remember what they answered: the same of the same. An answer that is the very value that it was tells whoever
 * gets it that nothing has changed. Nothing is kept longer than the value that it was asked about.
 */

/** Of an object alone. */
export function perValue<K extends object, V>(make: (value: K) => V): (value: K) => V {
  const known = new WeakMap<K, { readonly answer: V }>();
  return (value) => {
    const found = known.get(value);
    if (found !== undefined) return found.answer;
    const answer = make(value);
    known.set(value, { answer });
    return answer;
  };
}

/** Of an object, and of more that is the same as a rule: the last answer is remembered. Lists are the same when what is in them is. */
export function perValueAnd<K extends object, M extends readonly unknown[], V>(
  make: (value: K, ...more: M) => V,
): (value: K, ...more: M) => V {
  const known = new WeakMap<K, { readonly more: M; readonly answer: V }>();
  return (value, ...more) => {
    const found = known.get(value);
    if (found !== undefined && areSame(found.more, more)) return found.answer;
    const answer = make(value, ...more);
    known.set(value, { more, answer });
    return answer;
  };
}

/** Asked thousands of times for each change of a host. */
function areSame(these: readonly unknown[], those: readonly unknown[]): boolean {
  for (let at = 0; at < these.length; at++) if (these[at] !== those[at] && !isSameList(these[at], those[at])) return false;
  return true;
}

function isSameList(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
