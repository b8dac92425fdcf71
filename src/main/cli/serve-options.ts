/** Options of `vault serve`, as they are typed. */

export interface ServeOptions {
  readonly root?: string;
  readonly config?: string;
}

export interface ServeRunOptions extends ServeOptions {
  readonly listen: string;
  readonly minFree?: string;
  readonly rate?: string;
}

export interface ServeTokenOptions extends ServeOptions {
  readonly address?: string;
  readonly quota?: string;
  readonly objects?: string;
}
