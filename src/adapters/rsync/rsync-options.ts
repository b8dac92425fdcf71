/** The options of rsync (2.6.9 to 3.5): which take a value, and what they are to the guard. */

/** Long options without a value, space separated. */
const PLAIN = `
  verbose quiet motd checksum archive recursive inc-recursive i-r relative implied-dirs i-d backup update
  inplace append append-verify dirs old-dirs old-d mkpath links copy-links copy-unsafe-links safe-links
  munge-links insecure-links copy-dirlinks keep-dirlinks hard-links perms executability acls xattrs owner
  group devices copy-devices write-devices specials drop-D times atimes open-noatime crtimes omit-dir-times
  omit-link-times super fake-super sparse preallocate dry-run whole-file one-file-system existing
  ignore-non-existing ignore-existing remove-source-files remove-sent-files del delete delete-before
  delete-during delete-delay delete-after delete-excluded ignore-missing-args delete-missing-args
  ignore-errors force partial delay-updates prune-empty-dirs numeric-ids ignore-times size-only fuzzy
  compress old-compress new-compress cvs-exclude from0 old-args secluded-args protect-args trust-sender
  blocking-io stats 8-bit-output human-readable progress itemize-changes list-only fsync msgs2stderr
  ipv4 ipv6 version help daemon server sender`;

/** Long options with a value. */
const VALUED = `
  info debug stderr backup-dir suffix chmod checksum-choice cc block-size rsh rsync-path max-delete
  max-size min-size max-alloc partial-dir usermap groupmap chown timeout contimeout modify-window temp-dir
  compare-dest copy-dest link-dest compress-choice zc compress-level zl compress-threads zt skip-compress
  filter exclude exclude-from include include-from files-from copy-as address port sockopts outbuf
  remote-option out-format log-format log-file log-file-format password-file early-input bwlimit stop-after
  time-limit stop-at write-batch only-write-batch read-batch protocol iconv checksum-seed confine-root config`;

const SHORT_PLAIN: Readonly<Record<string, string>> = {
  v: 'verbose',
  q: 'quiet',
  c: 'checksum',
  a: 'archive',
  r: 'recursive',
  R: 'relative',
  b: 'backup',
  u: 'update',
  d: 'dirs',
  l: 'links',
  L: 'copy-links',
  k: 'copy-dirlinks',
  K: 'keep-dirlinks',
  H: 'hard-links',
  p: 'perms',
  E: 'executability',
  A: 'acls',
  X: 'xattrs',
  o: 'owner',
  g: 'group',
  D: 'devices-specials',
  t: 'times',
  U: 'atimes',
  N: 'crtimes',
  O: 'omit-dir-times',
  J: 'omit-link-times',
  S: 'sparse',
  n: 'dry-run',
  W: 'whole-file',
  x: 'one-file-system',
  m: 'prune-empty-dirs',
  I: 'ignore-times',
  y: 'fuzzy',
  z: 'compress',
  C: 'cvs-exclude',
  F: 'filter-F',
  0: 'from0',
  s: 'secluded-args',
  8: '8-bit-output',
  h: 'human-readable',
  P: 'partial-progress',
  i: 'itemize-changes',
  4: 'ipv4',
  6: 'ipv6',
  V: 'version',
};

const SHORT_VALUED: Readonly<Record<string, string>> = {
  B: 'block-size',
  e: 'rsh',
  f: 'filter',
  M: 'remote-option',
  T: 'temp-dir',
  '@': 'modify-window',
};

export const DELETING: ReadonlySet<string> = words(`
  del delete delete-before delete-during delete-delay delete-after delete-excluded delete-missing-args`);

/** Neither for the run, where nothing is deleted, nor heeded by the dry run: we do. */
export const ABOUT_DELETING: ReadonlySet<string> = words('max-delete ignore-errors');

/** Only what is printed; the dry run prints what we read and nothing else. */
export const PRINTING: ReadonlySet<string> = words(`
  verbose quiet info debug stderr stats 8-bit-output human-readable progress itemize-changes out-format
  log-format log-file log-file-format msgs2stderr outbuf partial-progress`);

/** An old content is changed where it lies, so that no rename keeps it. */
export const IN_PLACE: ReadonlySet<string> = words('inplace append append-verify write-devices');

/** Their effect the dry run does not show, or it is not on the target. */
export const NOT_COVERED: ReadonlySet<string> = words(`
  remove-source-files remove-sent-files read-batch write-batch only-write-batch daemon server sender
  keep-dirlinks write-devices copy-as config`);

export const FILTERING: ReadonlySet<string> = words(`
  filter filter-F exclude exclude-from include include-from cvs-exclude files-from max-size min-size`);

/** `no-` before these turns off what another option implied, and neither deletes nor keeps more. */
const NEGATABLE: ReadonlySet<string> = words(`
  verbose motd checksum recursive inc-recursive i-r relative implied-dirs i-d dirs links perms executability
  acls xattrs owner group devices specials times atimes crtimes omit-dir-times omit-link-times super sparse
  whole-file one-file-system existing prune-empty-dirs numeric-ids ignore-times compress from0
  secluded-args protect-args human-readable progress itemize-changes partial fuzzy bwlimit timeout stats
  r R l p o g D t U N O J S W x m I z s h H A X E d v c u old-args 8-bit-output open-noatime msgs2stderr`);

const PLAIN_SET = words(PLAIN);
const VALUED_SET = words(VALUED);

export type LongOption = 'plain' | 'valued' | 'unknown';

export function longOption(name: string): LongOption {
  if (PLAIN_SET.has(name)) return 'plain';
  if (VALUED_SET.has(name)) return 'valued';
  return name.startsWith('no-') && NEGATABLE.has(name.slice(3)) ? 'plain' : 'unknown';
}

/** Undefined where no rsync has this letter. */
export function shortOption(
  letter: string,
): { readonly name: string; readonly takesValue: boolean } | undefined {
  const plain = SHORT_PLAIN[letter];
  if (plain !== undefined) return { name: plain, takesValue: false };
  const valued = SHORT_VALUED[letter];
  return valued === undefined ? undefined : { name: valued, takesValue: true };
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
