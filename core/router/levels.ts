/** What is said of a session at several places, the nearest of which counts: at the neighbour, at its group, of BGP as a whole. */
import { at, words } from "./tree.ts";
import type { Node } from "./tree.ts";

export class Levels {
  readonly #nodes: readonly (Node | undefined)[];

  /** Nearest first. */
  constructor(nodes: readonly (Node | undefined)[]) {
    this.#nodes = nodes;
  }

  /** The words below a path. Every level is looked at, so that what a nearer one overrules counts as understood. */
  all(...path: readonly string[]): readonly string[] {
    return this.first([path]);
  }

  /** Of several paths at each level, the first that says anything. */
  first(paths: readonly (readonly string[])[]): readonly string[] {
    const said = this.#nodes.flatMap((node) => paths.map((path) => words(node, ...path)));
    return said.find((each) => each.length > 0) ?? [];
  }

  word(...path: readonly string[]): string | undefined {
    return this.all(...path)[0];
  }

  has(...path: readonly string[]): boolean {
    return this.#nodes.map((node) => at(node, ...path)).some((found) => found !== undefined);
  }

  nodes(...path: readonly string[]): readonly Node[] {
    return this.#nodes.flatMap((node) => at(node, ...path) ?? []);
  }

  /** `{ hold: 30 }`, or nothing where no level names a number. */
  number<K extends string>(key: K, ...path: readonly string[]): { readonly [key in K]?: number } {
    const said = this.word(...path);
    return said !== undefined && /^\d+$/.test(said) ? ({ [key]: Number(said) } as { readonly [key in K]?: number }) : {};
  }
}
