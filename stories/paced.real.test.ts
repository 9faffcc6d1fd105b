/** The stories that say how fast something is: measured while nothing else runs. */
import { ownLab } from "#lab/own-lab.real.ts";
import { measuresPace, playInLab } from "./in-lab.real.ts";

playInLab(await ownLab("paced"), measuresPace);
