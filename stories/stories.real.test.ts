/** Every story in a lab, with packets; those that measure are in paced.real.test.ts. */
import { ownLab } from "#lab/own-lab.real.ts";
import { measuresPace, playInLab } from "./in-lab.real.ts";

playInLab(await ownLab("stories"), (story) => !measuresPace(story));
