/**
 * Whether the run can be told by a list what the dry run found to differ, so that nothing is listed
 * twice and nothing unjudged is touched. Only for options whose meaning is the same for a list as
 * for a whole tree, each tried against rsync alone: all others have the whole run. Pure.
 */
import type { RsyncCommand, RsyncOption } from './parse-rsync.ts';
import type { RsyncPlace } from './rsync-place.ts';

const SAME_BY_LIST: ReadonlySet<string> = words(`
  archive recursive links perms executability chmod acls xattrs owner group chown usermap groupmap
  numeric-ids devices specials devices-specials times omit-dir-times omit-link-times modify-window
  checksum checksum-choice cc size-only ignore-times update existing ignore-non-existing ignore-existing
  whole-file inplace append append-verify sparse preallocate fsync block-size fuzzy backup backup-dir suffix
  partial partial-dir delay-updates temp-dir max-size min-size max-alloc compress old-compress new-compress
  compress-choice zc compress-level zl skip-compress bwlimit timeout contimeout rsh rsync-path port address
  sockopts password-file blocking-io ipv4 ipv6 secluded-args protect-args motd inc-recursive i-r
  quiet out-format log-format log-file log-file-format outbuf 8-bit-output human-readable
  no-inc-recursive no-i-r no-owner no-group no-perms no-times no-links no-devices no-specials no-D no-o no-g
  no-p no-t no-l no-W no-whole-file no-motd no-human-readable no-h no-sparse no-compress no-z no-O no-J
  no-omit-dir-times no-omit-link-times no-xattrs no-acls no-X no-A`);

/** What they leave out the dry run has left out; a list is not filtered again. */
const FILTERS: ReadonlySet<string> = words(`
  filter filter-F exclude exclude-from include include-from cvs-exclude prune-empty-dirs one-file-system`);

/** Once it names what changed; said twice it names what does not. */
const ONCE: ReadonlySet<string> = words('verbose itemize-changes');

/** Removed from the run, list or not. */
const LEFT_OUT: ReadonlySet<string> = words(`
  del delete delete-before delete-during delete-delay delete-after delete-excluded max-delete
  ignore-errors force`);

export interface ListedSource {
  /** What names of the list lie below. */
  readonly base: string;
  /** The directory there is the source itself, and no directory in the target. */
  readonly isContent: boolean;
  /** What is at the source, and goes at the target all the same, is not known. */
  readonly isFiltered: boolean;
  /** Every file that has more names than one must have all of them in the list. */
  readonly wholeGroups: boolean;
}

/**
 * @param isDir of a source here that is named without a slash behind it: a directory, and no link
 * @returns undefined where the whole run is needed
 */
export function listedSource(
  command: RsyncCommand,
  isDir: (path: string) => boolean,
): ListedSource | undefined {
  const { options, sources, sourceTexts } = command;
  const [source] = sources;
  const [text] = sourceTexts;
  if (source === undefined || text === undefined || sources.length > 1) return undefined;
  if (!options.some(({ name }) => name === 'archive' || name === 'recursive')) return undefined;
  if (!options.every((option) => isSame(option, options))) return undefined;
  const base = baseOf(source, text, isDir);
  const wholeGroups = options.some(({ name }) => name === 'hard-links');
  const isFiltered = options.some(({ name }) => FILTERS.has(name) || name === 'delete-excluded');
  if (base === undefined) return undefined;
  return { base, isContent: base === text, isFiltered, wholeGroups };
}

/** In place of filters, recursion and sources. */
export function listOptions(
  options: readonly RsyncOption[],
  { isTopAlone }: { readonly isTopAlone: boolean },
): readonly RsyncOption[] {
  return [
    ...(isTopAlone ? [{ name: 'filter', value: '- /*' }] : []),
    ...options.filter(({ name }) => !FILTERS.has(name)),
    ...['no-r', 'dirs', 'relative', 'from0', 'ignore-missing-args'].map((name) => ({ name })),
    { name: 'files-from', value: '-' },
  ];
}

function isSame({ name }: RsyncOption, all: readonly RsyncOption[]): boolean {
  if (ONCE.has(name)) return all.filter((each) => each.name === name).length === 1;
  return SAME_BY_LIST.has(name) || FILTERS.has(name) || LEFT_OUT.has(name) || name === 'hard-links';
}

function baseOf(
  source: RsyncPlace,
  text: string,
  isDir: (path: string) => boolean,
): string | undefined {
  if (text.includes('/./') || source.path === '') return undefined;
  // The shell there, or rsync, may make several sources of one text.
  if (source.kind !== 'local' && !/^[A-Za-z0-9_./@:,+=%-]*$/.test(text)) return undefined;
  if (/(?:^|\/)\.?$/.test(source.path)) return text;
  if (source.kind !== 'local' || /(?:^|\/)\.\.$/.test(text) || !isDir(text)) return undefined;
  return text.includes('/') ? text.slice(0, text.lastIndexOf('/') + 1) : './';
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
