/** Signs of life that a test gives. */
import type { Sign, SignsOfLife } from "./signs.ts";

export interface FakeSigns extends SignsOfLife {
  /** A VM says that it is there. */
  give(sign: Sign): void;
  /** How many listen. */
  listeners(): number;
}

export function fakeSigns(): FakeSigns {
  const all = new Set<(sign: Sign) => void>();
  return {
    watch: (heard) => {
      const listener = (sign: Sign) => heard(sign);
      all.add(listener);
      return () => void all.delete(listener);
    },
    give: (sign) => all.forEach((heard) => heard(sign)),
    listeners: () => all.size,
  };
}
