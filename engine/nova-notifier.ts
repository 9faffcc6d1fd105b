/**
 * Tells Nova what was committed, beside everything else: no request and no commit waits for it. The first event goes out at
 * once, those that follow are gathered for a while; but an instance that waits for its NIC is not kept waiting. What Nova
 * does not hear is told again until it does, or until there is too much of it. What a controller had not told when it ended
 * is told by nobody: as with Neutron, whoever waits for it at that moment waits in vain.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Nova, Told } from "#contracts/nova.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import { novaEvents } from "#core/neutron/nova-events.ts";
import type { NovaEvent } from "#core/neutron/nova-events.ts";
import { retryAfter } from "#core/reconcile/retry.ts";
import { novaQueue } from "./nova-queue.ts";
import type { Present } from "./present.ts";

export interface NovaNotifierParts {
  readonly present: Pick<Present<Cloud>, "state" | "listen" | "self">;
  readonly nova: Nova;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: NovaLimits;
}

export interface NovaLimits {
  /** For so long after one request events are gathered for the next: Neutron's `send_events_interval`, in milliseconds. */
  readonly gatherMs: number;
  /** Events that may wait. */
  readonly waiting: number;
}

const LIMITS: NovaLimits = { gatherMs: 2000, waiting: 10_000 };
/** Nova takes any number; its own database calls for one request go with it. */
const PER_REQUEST = 200;
/** Nova waits five minutes for a NIC: there is no use in trying rarely. */
const LONGEST_PAUSE_MS = 5000;

export interface NovaNotifier {
  /** For whoever looks after it. */
  standing(): { readonly waiting: number; readonly dropped: number };
  /** Listens no longer; answers once what waited has been told, or cannot be. */
  stop(): Promise<void>;
}

/** Throws when this controller's batches are not signed: then nobody knows which are its own. */
export function novaNotifier({ present, nova, clock, log, limits = LIMITS }: NovaNotifierParts): NovaNotifier {
  if (present.self === undefined) throw new Error("Cannot tell Nova what this controller writes: the present was loaded without a name");
  const queue = novaQueue(limits.waiting);
  const tell = teller(log, queue.dropped);
  let takeBack = () => {};
  let sending: Promise<void> | undefined;
  /** Not before this time, but for what is urgent; after failures not even that. */
  let rest = 0;
  let failures = 0;

  const plan = () => {
    takeBack();
    if (sending !== undefined || queue.size() === 0) return;
    const urgent = failures === 0 && queue.isUrgent();
    takeBack = clock.after(urgent ? 0 : Math.max(0, rest - clock.now()), send);
  };
  const send = () => {
    sending = sendSome().finally(() => {
      sending = undefined;
      plan();
    });
  };
  const sendSome = async () => {
    const events = queue.take(PER_REQUEST);
    const told = await nova.tell(events);
    const again = !told.heard && told.again;
    failures = again ? failures + 1 : 0;
    if (again) queue.putBack(events);
    rest = clock.now() + (again ? Math.min(LONGEST_PAUSE_MS, retryAfter(failures)) : limits.gatherMs);
    tell(events, told, queue.size());
  };
  const sendRest = async (): Promise<void> => {
    if (queue.size() === 0 || failures > 0) return;
    await sendSome();
    await sendRest();
  };
  const ignore = present.listen(({ changes, ours }) => {
    // Of several controllers each tells what it wrote itself: so everything is told, and once.
    if (!ours) return;
    for (const change of changes) for (const event of novaEvents(present.state, change)) queue.add(event);
    plan();
  });

  return {
    standing: () => ({ waiting: queue.size(), dropped: queue.dropped() }),
    stop: async () => {
      ignore();
      await sending;
      takeBack();
      await sendRest();
    },
  };
}

/** Not at every attempt: when Nova cannot be told any more, when it can again, and what it does not take. */
function teller(log: Log, dropped: () => number): (events: readonly NovaEvent[], told: Told, waiting: number) => void {
  let failing = false;
  let known = 0;
  return (events, told, waiting) => {
    if (told.heard) {
      const unknown = events.filter((_, at) => told.codes[at] !== 200);
      if (unknown.length > 0) log.info("Nova does not know what it was told of", { events: unknown.slice(0, 10), of: events.length });
      if (failing) log.info("Nova can be told again", { waiting, dropped: dropped() - known });
      failing = false;
      known = dropped();
    } else if (!told.again) {
      log.error("Nova refuses what it is told", { reason: told.reason, events: events.slice(0, 10), of: events.length });
    } else if (!failing) {
      log.warn("Nova cannot be told: it is told again until it hears", { reason: told.reason, waiting });
      failing = true;
    }
  };
}
