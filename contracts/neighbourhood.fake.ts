/** Neighbours of whom a test says how they are. */
import type { Watched } from "#core/intent/bfd.ts";
import type { Neighbourhood } from "./neighbourhood.ts";

/** As a test sets it, and sees what was done. */
export interface FakeNeighbourhood extends Neighbourhood {
  /** Of BFD's session with each: `Up`, `Down`, `Init`. */
  state: string;
  /** Is there a process that speaks BFD? */
  speaks: boolean;
  /** Do the neighbours' kernels answer? */
  lives: boolean;
  /** Is there a BIRD that speaks BGP? */
  bird: boolean;
  /** Echo requests so far. */
  echoes: number;
  /** Sessions that were ended, one after the other. */
  readonly left: string[];
  closed: boolean;
  /** The process that speaks BFD is another than the one that answered last. */
  replace(): void;
}

export function fakeNeighbourhood(neighbours: readonly Watched[], state = "Up"): FakeNeighbourhood {
  const left: string[] = [];
  const knows = (neighbour: Watched) => neighbours.some(({ session }) => session === neighbour.session);
  let [isOther, answered] = [false, false];
  const fake: FakeNeighbourhood = {
    state,
    speaks: true,
    lives: true,
    bird: true,
    echoes: 0,
    left,
    closed: false,
    replace: () => void (isOther = answered),
    bfd: async () => {
      answered = fake.speaks && !isOther;
      isOther = false;
      return answered ? neighbours.map(({ peer, interface: link }) => ({ ip: peer, interface: link, state: fake.state })) : undefined;
    },
    echo: async (neighbour) => (fake.echoes++, fake.lives && knows(neighbour)),
    leave: async (neighbour) => {
      if (!fake.bird || !knows(neighbour)) throw new Error(fake.bird ? `no session ${neighbour.session}` : "no BIRD");
      left.push(neighbour.session);
    },
    close: () => void (fake.closed = true),
  };
  return fake;
}
