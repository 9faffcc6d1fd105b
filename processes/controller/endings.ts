/** What is to be ended, in the order in which it began: it ends the other way round. */
export type Endings = (() => unknown)[];
