/** What an agent answers a server's questions of files with: docs/format/files.md. */
import type {
  FilesMay,
  FilesRefused,
  LiveWant,
  RestoreWant,
  Want,
} from '../../core/files/wants.ts';

export interface AskOf {
  readonly may: FilesMay;
  readonly places: readonly string[];
  /** Of a restore that was heard of as a job. */
  readonly job?: string | undefined;
}

export interface AskedFiles {
  readonly ask: string;
  readonly want: Want;
}

export interface Part {
  readonly ask: string;
  readonly part: number;
  readonly isLast: boolean;
  readonly sha256?: string | undefined;
  readonly refused?: FilesRefused | undefined;
  readonly bytes: Uint8Array;
}

/** As `ServerLink`; every method fails as its methods do. */
export interface FilesLink {
  /** Undefined: the server knows nothing of it. */
  ask(of: AskOf, signal: AbortSignal): Promise<readonly AskedFiles[] | undefined>;
  /** @returns whether anybody wants more */
  give(part: Part, signal: AbortSignal): Promise<boolean>;
}

/** An answer as it is made. */
export interface FilesAnswering {
  /** The JSON of it, or why there is none. */
  readonly head: { readonly answer: string } | { readonly refused: FilesRefused };
  /** What follows: taken piece by piece, and made no faster. @throws Fault where it did not come whole */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Answers a want in a process of its own; an abort ends it. */
export interface FilesSource {
  open(want: LiveWant, signal: AbortSignal): Promise<FilesAnswering>;
}

export interface FilesParts {
  readonly link: FilesLink;
  readonly source: FilesSource;
  readonly may: FilesMay;
  readonly places: readonly string[];
  /** The owner of this host made it a restore host; else it answers for its own data alone. */
  readonly ofOthers: boolean;
  readonly sha256: () => {
    readonly update: (bytes: Uint8Array) => void;
    readonly hex: () => string;
  };
}

/** What a job of a restore is of; why it is not begun. */
export type RestoreFound = RestoreWant | { readonly refused: string };
