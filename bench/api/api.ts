/**
 * A Neutron API under load: ports created by clients that wait for each answer, then what is asked most often among 100,000
 * ports; of our own controller also its memory and how long it takes to start. `npm run bench api [URL]`.
 */
import { atLeast, atMost } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";
import { cleared, filled, ground, idsIn, newPort } from "./cloud.ts";
import type { Ground } from "./cloud.ts";
import { ownController } from "./controller.ts";
import { remote } from "./endpoint.ts";
import type { Endpoint } from "./endpoint.ts";
import { measured, told } from "./load.ts";
import type { Run } from "./load.ts";

const CLIENTS = 32;
const CREATED = 10_000;
const PRESENT = 100_000;
/** Of a foreign Neutron: what it can create in a few minutes. */
const ELSEWHERE = { created: 500, present: 2000 };
const LOOKS = 500;
const LISTED = 1000;

type Say = (line: string) => void;

export const api: Bench = (say, { endpoint }) => (endpoint === undefined ? ofOurs(say) : ofAnother(say, endpoint));

async function ofOurs(say: Say): Promise<readonly Figure[]> {
  const own = ownController(CLIENTS);
  try {
    await own.start();
    const figures = await compared(own.endpoint, say, { created: CREATED, present: PRESENT });
    const rss = own.rss();
    await own.stop();
    const started = await own.start();
    return [
      ...figures,
      atMost(`memory with ${PRESENT} ports and 500 groups, RSS`, rss, { limit: 600, unit: "MB" }),
      atMost(`start to first answer with ${PRESENT} ports`, started / 1000, { limit: 3, unit: "s" }),
    ];
  } finally {
    await own.end();
  }
}

async function ofAnother(say: Say, url: string): Promise<readonly Figure[]> {
  const there = remote(url, CLIENTS);
  try {
    return await compared(there, say, ELSEWHERE);
  } finally {
    there.close();
  }
}

interface Size {
  readonly created: number;
  readonly present: number;
}

async function compared(at: Endpoint, say: Say, { created, present }: Size): Promise<readonly Figure[]> {
  const on = await ground(at);
  try {
    // What is measured first would pay for the warming up of the program.
    await creates(at, on, Math.ceil(created / 5));
    const few = await creates(at, on, created);
    say(`ports created on one shared subnet, ${CLIENTS} clients: ${told(few)}`);
    const there = created + Math.ceil(created / 5);
    const device = await filled(at, on, present - there);
    say(`${present} ports`);
    const many = await creates(at, on, created);
    say(`with ${present} ports present: ${told(many)}`);
    return [...ofCreates({ few, many, present }), ...(await looks(at, on, { device, present, say }))];
  } finally {
    if (present < PRESENT) await cleared(at, on);
  }
}

function creates({ ask }: Endpoint, on: Ground, count: number): Promise<Run> {
  return measured({ clients: CLIENTS, count }, () => ask("POST", "/v2.0/ports", { port: newPort(on) }));
}

interface Creates {
  readonly few: Run;
  readonly many: Run;
  readonly present: number;
}

function ofCreates({ few, many, present }: Creates): readonly Figure[] {
  const lost = Math.max(0, 1 - many.perSecond / few.perSecond) * 100;
  return [
    atLeast("port creates, 32 clients, durable", few.perSecond, { limit: 2000, unit: "per second" }),
    atMost("port creates, 99 %", few.p99, { limit: 30, unit: "ms" }),
    atMost(`the same with ${present} ports: slower by`, lost, { limit: 15, unit: "%" }),
  ];
}

interface Looking {
  readonly device: (at: number) => string;
  readonly present: number;
  readonly say: Say;
}

/** By one client: how long an answer takes, not how many there are. */
async function looks({ ask }: Endpoint, on: Ground, { device, present, say }: Looking): Promise<readonly Figure[]> {
  const ids = idsIn(await ask("GET", `/v2.0/ports?fields=id&limit=${LISTED}`), "ports");
  const one = { clients: 1, count: LOOKS };
  const show = await measured(one, (at) => ask("GET", `/v2.0/ports/${ids[at % ids.length]}`));
  const page = await measured({ clients: 1, count: 100 }, () => ask("GET", `/v2.0/ports?limit=${LISTED}&network_id=${on.network}`));
  const every = Math.max(1, Math.floor(present / 2 / LOOKS));
  const byDevice = await measured(one, (at) => ask("GET", `/v2.0/ports?device_id=${device(at * every)}`));
  say(`show: ${told(show)}\nlist ${LISTED}: ${told(page)}\nlist by device_id: ${told(byDevice)}`);
  return [
    atMost("show port, median", show.median, { limit: 1, unit: "ms" }),
    atMost(`list ${LISTED} ports, median`, page.median, { limit: 20, unit: "ms" }),
    atMost(`list by device_id among ${present}, median`, byDevice.median, { limit: 2, unit: "ms" }),
  ];
}
