/** A machine of fakes: a host, the links that others put there, and its agent through all of its lives. */
import { fakeHost } from "#contracts/driver.fake.ts";
import { fakeSigns } from "#contracts/signs.fake.ts";
import type { Sign } from "#contracts/signs.ts";
import type { FakeHost } from "#contracts/driver.fake.ts";
import type { FeedClient } from "#contracts/feed.ts";
import type { Log } from "#contracts/log.ts";
import type { View } from "#core/feed/item.ts";
import type { Self } from "#core/intent/compile.ts";
import type { Ref } from "#core/kinds/kind.ts";
import { fakeAgent } from "./fake-world-agent.ts";
import type { Ordeal } from "./fake-world-hands.ts";
import type { Time } from "./fake-world-time.ts";

export interface MachineParts {
  readonly self: Self;
  /** Interfaces that are there from the beginning. */
  readonly uplinks: readonly string[];
  readonly feed: FeedClient;
  readonly time: Time;
  readonly log: Log;
  readonly failures: Ordeal["failures"];
  readonly diesAtWork: boolean;
}

export interface FakeMachine {
  readonly self: Self;
  host(): FakeHost;
  /** The last complete view of its last agent that had one: the kernel goes by that, whether the agent lives or not. */
  view(): View | undefined;
  plug(link: string): void;
  unplug(link: string): void;
  /** A VM behind a link that is there says so of itself. */
  sign(sign: Sign): void;
  rename(link: string, to: string): void;
  /** The agent is killed, and another one starts. */
  killAgent(): void;
  /** All is lost but files and the links that others made. */
  reboot(): void;
  /** Another machine in its place: it holds nothing but the links that others made. */
  replace(): void;
  /** Its agent is killed for good. */
  stop(): void;
  /** What its agents have done that they must never do. */
  offences(): readonly string[];
  /** Names of all objects that its agents have made, whether they still stand or not. */
  everMade(): readonly Ref[];
  /** How many changes its agents have made. */
  changesMade(): number;
}

export function fakeMachine(parts: MachineParts): FakeMachine {
  const { self, uplinks, failures, diesAtWork } = parts;
  const links = new Set(uplinks);
  const signs = fakeSigns();
  const ordeal = { failures, diesAtWork, had: new Set<string>() };
  const accused: string[] = [];
  const hosts: FakeHost[] = [];
  let seen: View | undefined;

  const install = () => {
    const host = fakeHost();
    for (const link of links) host.plug(link);
    hosts.push(host);
    return host;
  };
  const start = () => fakeAgent({ ...parts, host, signs, ordeal, accuse: (what) => accused.push(what), died: () => (agent = start()) });
  const view = () => (seen = agent.view() ?? seen);
  const killAgent = () => {
    view();
    agent.kill();
    agent = start();
  };
  let host = install();
  let agent = start();

  return {
    self,
    host: () => host,
    view,
    plug: (link) => {
      links.add(link);
      host.plug(link);
      agent.linksChanged();
    },
    unplug: (link) => {
      links.delete(link);
      host.unplug(link);
      agent.linksChanged();
    },
    sign: (sign) => (links.has(sign.tap) ? signs.give(sign) : undefined),
    rename: (link, to) => {
      if (!links.delete(link)) return;
      links.add(to);
      host.rename(link, to);
      agent.linksChanged();
    },
    killAgent,
    reboot: () => {
      host.reboot();
      killAgent();
    },
    replace: () => {
      host = install();
      killAgent();
    },
    stop: () => agent.kill(),
    offences: () => [...accused, ...hosts.flatMap(({ violations }) => violations)].map((what) => `${self.host}: ${what}`),
    everMade: () => [...new Set(host.done.flatMap((line) => (line.startsWith("create ") ? [line.slice("create ".length) as Ref] : [])))],
    changesMade: () => hosts.reduce((sum, { done }) => sum + done.length, 0),
  };
}
