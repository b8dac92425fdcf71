/** The ways in which files of this host are deleted without Holdfast, or through it: coverage. */

export type WayKind =
  | 'rsync --delete'
  | 'rclone sync'
  | 'find -delete'
  | 'rm -r'
  | 'lftp mirror --delete'
  | 'configuration management'
  | 'rsync daemon'
  | 'rsync by key'
  | 'login by key';

export type WayState = 'open' | 'unknown' | 'closed';

/** Worst first, as it is shown. */
export const WAY_STATES: readonly WayState[] = ['open', 'unknown', 'closed'];

export interface Way {
  readonly kind: WayKind;
  readonly foundBy: 'cron' | 'timer' | 'unit' | 'script' | 'process' | 'rsyncd' | 'sshd';
  /** A file, a unit, `process 17`. */
  readonly where: string;
  /** What deletes: the command line, the module, whose key. */
  readonly what: string;
  /** What it deletes below, where that can be told. */
  readonly target: string | undefined;
  readonly state: WayState;
  /** One sentence: why it is closed, or what goes around. */
  readonly why: string;
  readonly detail: WayDetail;
}

/** What a kit needs to close it. */
export type WayDetail =
  | {
      readonly of: 'line';
      readonly line: string;
      /** The same through the guard; undefined where that cannot be told from the text. */
      readonly guarded: string | undefined;
    }
  | {
      readonly of: 'script';
      readonly path: string;
      readonly program: string;
      /** Absolute paths by which it calls the program. */
      readonly absolute: readonly string[];
      readonly line: string;
      readonly guarded: string | undefined;
    }
  | { readonly of: 'module'; readonly name: string; readonly refused: readonly string[] }
  | { readonly of: 'key'; readonly line: string; readonly directory: string | undefined }
  | { readonly of: 'nothing' };

export function sortWays(ways: readonly Way[]): readonly Way[] {
  const rank = ({ state }: Way): number => WAY_STATES.indexOf(state);
  const text = ({ where, what }: Way): string => `${where} ${what}`;
  return [...ways].sort((a, b) => rank(a) - rank(b) || (text(a) < text(b) ? -1 : 1));
}

export function countWays(ways: readonly Way[]): Readonly<Record<WayState, number>> {
  const count = (state: WayState): number => ways.filter((way) => way.state === state).length;
  return { open: count('open'), unknown: count('unknown'), closed: count('closed') };
}
