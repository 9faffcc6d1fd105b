/** One life of an agent over a fake host. */
import { fakeLastView } from "#contracts/last-view.fake.ts";
import type { FakeHost } from "#contracts/driver.fake.ts";
import { fakeFlows } from "#contracts/flows.fake.ts";
import type { SignsOfLife } from "#contracts/signs.ts";
import type { FeedClient } from "#contracts/feed.ts";
import type { Log } from "#contracts/log.ts";
import type { View } from "#core/feed/item.ts";
import type { Self } from "#core/intent/compile.ts";
import { agent } from "#engine/agent.ts";
import { handsOf } from "./fake-world-hands.ts";
import type { Ordeal } from "./fake-world-hands.ts";
import { life, never } from "./fake-world-time.ts";
import type { Time } from "./fake-world-time.ts";

export interface AgentParts {
  readonly self: Self;
  readonly host: FakeHost;
  readonly signs: SignsOfLife;
  readonly feed: FeedClient;
  readonly time: Time;
  readonly log: Log;
  readonly ordeal: Ordeal;
  readonly accuse: (what: string) => void;
  /** It has died at its work. */
  readonly died: () => void;
}

export interface FakeAgent {
  /** The last complete view. */
  view(): View | undefined;
  linksChanged(): void;
  /** Without a word: what it was about to do is not done, and whoever it was connected to notices. */
  kill(): void;
}

export function fakeAgent({ self, host, signs, feed, time, log, ordeal, accuse, died }: AgentParts): FakeAgent {
  const own = life();
  const kill = () => {
    own.end();
    void running.stop();
  };
  const die = () => {
    kill();
    died();
  };
  const heardAll = () => running.heard() !== undefined;
  const running = agent({
    self,
    drivers: handsOf({ host, life: own, ordeal, heardAll, accuse, die }),
    signs: { watch: (heard) => signs.watch((sign) => own.alive && heard(sign)) },
    // What is tracked is none of a story's lines; flows have tests of their own.
    flows: fakeFlows(),
    feed,
    // An agent that is killed leaves nothing behind but what is on its host: what it remembers has tests of its own.
    last: fakeLastView(),
    // Nobody answers: what BGP does has tests of its own.
    speaker: { sessions: never },
    clock: time.clockOf(own),
    log,
    watch: { controller: () => undefined, finished: () => undefined },
  });
  return { view: () => running.heard()?.view, linksChanged: running.wake, kill };
}
