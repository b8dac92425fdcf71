import type { VaultOptions } from './settings.ts';

export interface UpOptions extends VaultOptions {
  readonly once?: true;
  readonly minFree?: string;
}
