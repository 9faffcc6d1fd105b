/** How full a host's connection tracker is. */
export interface Fill {
  readonly tracked: number;
  readonly limit: number;
}
