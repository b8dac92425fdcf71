/** What `up` and the two processes that watch for it tell each other: docs/design/032-up-watches.md. */
import type { Level } from '../../../watch/core/agent/messages.ts';
import type { StandingMark } from '../../../watch/core/standing/standing.ts';
import type { SentFault } from '../../threads/thread-messages.ts';

/** Where it listens. */
export interface Ports {
  readonly host: string;
  readonly port: number;
  /** Of the page for browsers. */
  readonly page: number;
}

export interface ServerBegin {
  readonly kind: 'begin';
  /** The server's own, below the state. */
  readonly directory: string;
  readonly configFile: string | undefined;
  /** What it had before it was started again. */
  readonly ports: Ports | undefined;
  /** Of this machine. */
  readonly host: string;
}

export type ServerAsk =
  | ServerBegin
  /** An agent of this host: the first of these directories that is free or known. */
  | { readonly kind: 'agent'; readonly directories: readonly string[] }
  | { readonly kind: 'link' }
  | { readonly kind: 'end' };

export type ServerSays =
  | { readonly kind: 'listens'; readonly url: string; readonly ports: Ports }
  /** `line` enrols it, once; absent: it is known. */
  | { readonly kind: 'agent'; readonly directory: string; readonly line: string | undefined }
  | { readonly kind: 'link'; readonly link: string }
  | { readonly kind: 'now'; readonly now: WatchNow }
  | Said;

export interface AgentBegin {
  readonly kind: 'begin';
  readonly directory: string;
  readonly line: string | undefined;
  readonly at: { readonly host: string; readonly port: number };
  /** Of `up`: by them what it protects is looked at for its server. */
  readonly showEnv: Readonly<Record<string, string>>;
}

export type AgentAsk = AgentBegin | { readonly kind: 'end' };

export type AgentSays = { readonly kind: 'watches' } | Said;

/** A line for whoever looks after it, or why it ended. */
type Said =
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'failed'; readonly fault: SentFault };

/** How everything stands, as the server of `up` reads it. */
export interface WatchNow {
  readonly mark: StandingMark;
  readonly why: string;
  readonly counts: Readonly<Record<StandingMark, number>>;
  /** The worst that is not ok; undefined: all is. */
  readonly worst: Worst | undefined;
  readonly hosts: number;
  readonly watching: { readonly mark: StandingMark; readonly why: string };
  /** The host of `up`; undefined: it is not enrolled yet. */
  readonly here: { readonly level: Level; readonly silentMs: number | undefined } | undefined;
  /** Age of the oldest word that counts. */
  readonly oldestMs: number;
}

export interface Worst {
  readonly host: string;
  /** Empty: the host itself. */
  readonly item: string;
  readonly mark: StandingMark;
  readonly why: string;
}
