/** The shell text that takes away what the list names, last first: pure. */
import { quoteWord } from '../../base/shell-word.ts';
import { INSTALLED_LIST } from '../../adapters/enroll/survey.ts';
import type { Installed, InstalledStep } from '../../wire/installed.ts';
import { OWN, PROGRAM_TREE } from './enroll-plan.ts';
import { takenAway } from './step-scripts.ts';

/** What commands of root leave in the state directory and what can be looked at or made again. */
const STATE_FILES = [
  'state.db',
  'state.db-wal',
  'state.db-shm',
  'state.db-journal',
  'connect.lock',
];
const STATE_TREES = ['looks', 'scratch', 'connect', 'places', 'incoming'];
const FINISH = `${OWN}/finish.sh`;
const HERE = '/usr/local/bin/holdfast';
const SHIMS = '/usr/local/lib/holdfast/shims';
const BEHIND = '/usr/local/lib/holdfast/behind';
const END = 'HF-END-OF-FINISH';
const MARK = 'The end of a removal of Holdfast that was stopped';
const BY_KIT = 'From `holdfast guard kit`';

export interface Removal {
  readonly installed: Installed;
  /** Its history is kept as well: what can still be put back needs it. */
  readonly hasUndo: boolean;
  /**
   * Run on the host itself: before the program goes, a script that ends the work stands under its
   * name, so that the same command goes on after a kill.
   */
  readonly isHere: boolean;
}

export function removeScript(removal: Removal, prelude: string): string {
  const { installed, isHere } = removal;
  const steps = installed.steps.toReversed();
  const isProgram = ({ do: kind, at }: InstalledStep): boolean =>
    kind === 'package' || (kind === 'tree' && at === PROGRAM_TREE);
  const command = steps.find(({ at }) => at === HERE);
  // The originals are the last to go: they come back from there.
  const isOriginals = ({ at }: InstalledStep): boolean => at === `${OWN}/replaced`;
  const first = steps.filter((step) => !isProgram(step) && !isOriginals(step) && step !== command);
  const directories = steps.filter(({ do: kind }) => kind === 'directory').flatMap(stepLines);
  const program = steps.filter(isProgram).flatMap(stepLines);
  const before = [
    prelude,
    'one_at_a_time',
    ...first.filter(({ do: kind }) => kind === 'unit').flatMap(stepLines),
    kitLines(),
    ...first.filter(({ do: kind }) => kind !== 'unit' && kind !== 'directory').flatMap(stepLines),
    'if is_systemd; then systemctl daemon-reload; fi',
    ...stateLines(removal),
  ];
  // Its name goes last: until then the same command goes on where it was stopped.
  const name = command === undefined ? [] : stepLines(command);
  const ending = [
    ...program,
    ...(isHere ? [] : name),
    // Before the list goes, so that none is left that nobody knows of; what its name still fills, after.
    ...directories,
    // What replaced its name is needed until that is back; then nothing but empty directories is left.
    ...(isHere && isReplacing(command) ? [] : [`remove_tree ${OWN}/replaced`]),
    `rm -f ${INSTALLED_LIST}.hf-new ${INSTALLED_LIST} ${FINISH} ${FINISH}.hf-new`,
    ...(isHere ? [endOfName(name)] : []),
    `remove_tree ${OWN}/replaced`,
    `rmdir ${OWN} 2>/dev/null || :`,
    ...directories,
    'say done',
    '',
  ];
  const all = isHere ? [...before, ...finishLines([prelude, ...ending])] : [...before, ...ending];
  return all.join('\n');
}

function isReplacing(step: InstalledStep | undefined): boolean {
  return step !== undefined && 'was' in step && step.was === true;
}

/** Where an enrolment was killed before there was a list, or a removal after it had gone. */
export const NOTHING_LEFT_SCRIPT = [
  `rm -f ${INSTALLED_LIST}.hf-new ${FINISH} ${FINISH}.hf-new`,
  `rmdir ${OWN} 2>/dev/null || :`,
  'say done',
  '',
].join('\n');

function stepLines(step: InstalledStep): readonly string[] {
  const at = quoteWord(step.at);
  switch (step.do) {
    case 'unit':
      return [
        'if has systemctl; then',
        `  if is_systemd; then systemctl disable --now ${at} >&2 || :; else systemctl disable ${at} >&2 || :; fi`,
        'fi',
      ];
    case 'file':
    case 'link':
      return takenAway(step);
    case 'tree':
      return [`remove_tree ${at}`, `remove_tree ${at}.hf-new`, `remove_tree ${at}.hf-old`];
    case 'user':
      return [`remove_user ${at}`];
    case 'package':
      return step.by === 'dpkg'
        ? [`! dpkg-query -W ${at} >/dev/null 2>&1 || dpkg --purge ${at} >&2`]
        : [`! rpm -q ${at} >/dev/null 2>&1 || rpm -e ${at} >&2`];
    case 'directory':
      return step.at === OWN ? [] : [`rmdir ${at} 2>/dev/null || :`];
    default:
      return unreachable(step);
  }
}

/** The wrappers that the kit had people put in place: the originals lie where it says. */
function kitLines(): string {
  return `if [ -d ${BEHIND} ]; then
  find ${BEHIND} -type f -name '*.original' | while read -r original; do
    path=\${original#${BEHIND}}
    path=\${path%.original}
    if [ -f "$path" ] && head -n 3 "$path" | grep -qF '${BY_KIT}'; then
      cp -a -- "$original" "$path.hf-new"
      mv -f -- "$path.hf-new" "$path"
    fi
    # Where somebody put another file in its place since, theirs stays, and so does the original.
    if cmp -s "$original" "$path"; then rm -f -- "$original" "\${original%.original}"; fi
  done
  find ${BEHIND} -depth -type d -exec rmdir {} + 2>/dev/null || :
fi
if [ -d ${SHIMS} ] && [ ! -d ${BEHIND} ]; then
  for each in ${SHIMS}/*; do
    [ ! -f "$each" ] || ! head -n 3 "$each" | grep -qF '${BY_KIT}' || rm -f -- "$each"
  done
  rmdir ${SHIMS} /usr/local/lib/holdfast 2>/dev/null || :
fi
if [ -f /etc/sudoers.d/holdfast ] && head -n 1 /etc/sudoers.d/holdfast | grep -qF '${BY_KIT}'; then
  rm -f /etc/sudoers.d/holdfast
fi`;
}

/** Vaults, their keys and undo that nobody released stay; so does what we do not know. */
function stateLines({ hasUndo }: Removal): readonly string[] {
  return [
    `rm -f ${STATE_FILES.map((name) => `${OWN}/${name}`).join(' ')}`,
    ...STATE_TREES.map((name) => `remove_tree ${OWN}/${name}`),
    ...(hasUndo ? [] : [`remove_tree ${OWN}/guard`]),
    // Something may still be mounted in it.
    `rmdir ${OWN}/frozen 2>/dev/null || :`,
  ];
}

/**
 * The program goes by a script of its own, which stands under its name from one moment to the next;
 * somebody else's command of that name is left alone.
 */
function finishLines(ending: readonly string[]): readonly string[] {
  return [
    `put_file ${FINISH} 0700 <<'${END}'`,
    '#!/bin/sh',
    `# ${MARK}: run it again, whatever its arguments.`,
    ...ending,
    END,
    `if ! is_there ${HERE} || [ "$(readlink ${HERE})" = ${PROGRAM_TREE}/bin/holdfast ]; then`,
    `  put_file ${HERE} 0700 <${FINISH}`,
    'fi',
    `exec /bin/sh ${FINISH}`,
    '',
  ];
}

/** @param name what takes its name away; none where a package did */
function endOfName(name: readonly string[]): string {
  const away = name.length === 0 ? [`rm -f ${HERE}`] : name;
  return [`if grep -qsF '${MARK}' ${HERE}; then`, ...away, 'fi'].join('\n');
}

function unreachable(step: never): never {
  throw new Error(`no such step: ${String(step)}`);
}
