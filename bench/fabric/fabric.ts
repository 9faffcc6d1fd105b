/** `npm run bench fabric`: what the fabric takes, from the file to the routes. Each part is a file beside this one. */
import type { Bench, Figure } from "../figure.ts";
import { deaths } from "./deaths.ts";
import { prove } from "./prove.ts";
import { routes } from "./routes.ts";

/** By name, in the order in which they run: `npm run bench fabric/prove` is one alone. */
export const PARTS: Readonly<Record<string, Bench>> = { routes, deaths, prove };

export const fabric: Bench = async (say, options) => {
  const figures: Figure[] = [];
  for (const part of Object.values(PARTS)) figures.push(...(await part(say, options)));
  return figures;
};
