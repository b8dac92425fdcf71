/** What the parts of `holdfast exercise` take. */
import type { VaultOptions } from '../cli/settings.ts';

export interface StartOptions extends VaultOptions {
  readonly reason?: string;
  readonly for?: string;
  readonly pull?: readonly string[];
  readonly watch?: readonly string[];
  readonly every?: string;
  readonly goOn?: true;
}

export interface NoteOptions extends VaultOptions {
  readonly pulled?: string;
  readonly putBack?: string;
  readonly byHand?: string;
}
