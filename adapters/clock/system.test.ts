import { setTimeout as sleep } from "node:timers/promises";
import { clockContract } from "#contracts/clock.contract.ts";
import { systemClock } from "./system.ts";

// One more than asked for: a timer of Node may end a millisecond early by the wall clock.
clockContract("systemClock()", () => ({ clock: systemClock(), pass: (ms) => sleep(ms + 1) }));
