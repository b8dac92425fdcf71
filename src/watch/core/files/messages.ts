/** What agents and their server say of files: docs/format/files.md. */
import type { AgentId } from '../agent/messages.ts';
import type { FilesMay, FilesRefused, Want } from './wants.ts';

export interface Ask {
  readonly format: 'holdfast-ask-0';
  readonly agent: AgentId;
  readonly may: FilesMay;
  readonly places: readonly string[];
  readonly job?: string | undefined;
}

export interface Asked {
  readonly format: 'holdfast-asked-0';
  readonly asks: readonly { readonly ask: string; readonly want: Want }[];
}

export interface Give {
  readonly format: 'holdfast-give-0';
  readonly agent: AgentId;
  readonly ask: string;
  readonly part: number;
  readonly isLast: boolean;
  readonly sha256?: string | undefined;
  readonly refused?: FilesRefused | undefined;
}

export interface Given {
  readonly format: 'holdfast-given-0';
  readonly goesOn: boolean;
}
