/** The shell text that puts things on a host: pure. Each can be run twice, and be killed anywhere. */
import { canonicalJson } from '../../base/canonical-json.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { INCOMING } from '../../adapters/enroll/host-shell.ts';
import { INSTALLED_LIST } from '../../adapters/enroll/survey.ts';
import type { Installed, InstalledStep } from '../../wire/installed.ts';
import {
  ACT_UNIT,
  AGENT_CONFIG,
  AGENT_UNIT,
  type EnrollPlan,
  OWN,
  PROGRAM_TREE,
} from './enroll-plan.ts';

/** Stands in no line of what is sent. */
const END = 'HF-END-OF-FILE';

/** The list first: nothing is made that does not stand in it. */
export function beginScript({ installed }: EnrollPlan): string {
  return [
    `mkdir -p ${OWN}`,
    `chmod 0755 ${OWN}`,
    'one_at_a_time',
    putFile(INSTALLED_LIST, 0o644, listText(installed)),
    `flush ${OWN}`,
    `mkdir -p -m 0700 ${INCOMING}`,
    'say done',
    '',
  ].join('\n');
}

/** Whether it still has to be sent. */
export function askIncomingScript({ delivered }: EnrollPlan): string {
  const file = `${INCOMING}/${delivered.name}`;
  const sum = `$(sha256sum <${file} 2>/dev/null | head -c 64)`;
  return `[ "${sum}" != ${delivered.sha256} ] || say incoming whole\n`;
}

export function installScript(plan: EnrollPlan): string {
  const { installed, delivered } = plan;
  const { name, sha256 } = delivered;
  const file = `${INCOMING}/${name}`;
  const lines = installed.steps.flatMap((step) => stepLines(step, plan));
  return [
    'one_at_a_time',
    `if [ -e ${file}.hf-new ]; then`,
    `  [ "$(sha256sum <${file}.hf-new | head -c 64)" = ${sha256} ] || fail 'what arrived is not what was sent'`,
    `  mv -f ${file}.hf-new ${file}`,
    'fi',
    ...lines,
    `remove_tree ${INCOMING}`,
    'say done',
    '',
  ].join('\n');
}

/** Secrets come by stdin and stand in no argument. */
export function enrolScript(line: string): string {
  return [
    `mkdir -p ${OWN}/agent`,
    `chown holdfast: ${OWN}/agent`,
    `chmod 0700 ${OWN}/agent`,
    `as_user holdfast env HOME=${OWN}/agent STATE_DIRECTORY=${OWN}/agent ${PROGRAM_TREE}/bin/holdfast agent enroll - --config ${AGENT_CONFIG} >&2 <<'${END}'`,
    line,
    END,
    'say done',
    '',
  ].join('\n');
}

export function startScript({ installed }: EnrollPlan): string {
  const isAct = installed.level === 'act';
  const wasAct = !isAct && installed.steps.some(({ at }) => at === ACT_UNIT);
  return [
    'if is_systemd; then',
    '  systemctl daemon-reload',
    `  systemctl enable ${AGENT_UNIT} 2>/dev/null`,
    `  systemctl restart ${AGENT_UNIT}`,
    `  systemctl is-active --quiet ${AGENT_UNIT} || fail '${AGENT_UNIT} does not stay up'`,
    ...(isAct ? [`  systemctl enable --now ${ACT_UNIT} 2>/dev/null`] : []),
    ...(wasAct ? [`  systemctl disable --now ${ACT_UNIT} 2>/dev/null || :`] : []),
    '  say started',
    'fi',
    'say done',
    '',
  ].join('\n');
}

export function listText(installed: Installed): string {
  const steps = installed.steps.map((step) => ({ ...step }));
  return `${canonicalJson({ ...installed, steps })}\n`;
}

export function copyOf(at: string): string {
  return `${OWN}/replaced/${at.replaceAll('%', '%25').replaceAll('/', '%2F')}`;
}

function stepLines(step: InstalledStep, plan: EnrollPlan): readonly string[] {
  const { delivered } = plan;
  const at = quoteWord(step.at);
  const file = `${INCOMING}/${delivered.name}`;
  switch (step.do) {
    case 'directory':
      return [`mkdir -p ${at}`];
    case 'tree':
      return step.at === PROGRAM_TREE && delivered.by === 'tar'
        ? [`unpack_tree ${file} ${delivered.sha256} ${at}`]
        : treeLines(step.at);
    case 'user':
      return [`make_user ${at} ${OWN}/${step.at === 'holdfast' ? 'agent' : 'none'}`];
    case 'package':
      return packageLines(plan, step.by);
    case 'file':
    case 'link':
      return fileLines(step, plan);
    case 'unit':
      return []; // Started last, when it has somebody to speak to.
    default:
      return unreachable(step);
  }
}

function treeLines(at: string): readonly string[] {
  if (at !== '/var/cache/holdfast') return [];
  return [`mkdir -p ${at}`, `chmod 0755 ${at}`];
}

function packageLines({ delivered }: EnrollPlan, by: 'dpkg' | 'rpm'): readonly string[] {
  const file = `${INCOMING}/${delivered.name}`;
  // It was installed already when the sending was left out and the draft is gone.
  const install =
    by === 'dpkg'
      ? `DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i ${file} >&2`
      : `rpm -U --replacepkgs ${file} >&2`;
  return [`[ ! -e ${file} ] || ${install}`];
}

function fileLines(
  step: Extract<InstalledStep, { readonly do: 'file' | 'link' }>,
  plan: EnrollPlan,
): readonly string[] {
  const at = quoteWord(step.at);
  const keep = step.was === true ? [`keep_original ${at} ${quoteWord(copyOf(step.at))}`] : [];
  if (step.do === 'link') return [...keep, `put_link ${PROGRAM_TREE}/bin/holdfast ${at}`];
  if (step.at === AGENT_CONFIG) {
    const copy = step.was === true ? quoteWord(copyOf(step.at)) : "''";
    const { level } = plan.installed;
    return [`put_config ${at} ${level} ${copy} <<'${END}'\n${configText(level)}${END}`];
  }
  const from = plan.unitFiles.find((file) => file.at === step.at)?.from;
  // Of another level, that it had before.
  if (from === undefined) return takenAway(step);
  return [...keep, `put_file ${at} 0644 <${quoteWord(from)}`];
}

/** Where nothing was kept, nothing had been replaced. */
export function takenAway(
  step: Extract<InstalledStep, { readonly do: 'file' | 'link' }>,
): readonly string[] {
  const at = quoteWord(step.at);
  if (step.was === true) return [`put_back ${at} ${quoteWord(copyOf(step.at))}`];
  return [`rm -f -- ${at} ${at}.hf-new`];
}

function configText(level: string): string {
  return [
    '# What the agent of Holdfast may do on this host. Root decides: the agent cannot write it,',
    '# and no server can change it. docs/operating/agents.md in /opt/holdfast says what may stand here.',
    `level: ${level}`,
    '',
  ].join('\n');
}

function putFile(at: string, mode: number, text: string): string {
  const word = `0${mode.toString(8)}`;
  return `put_file ${quoteWord(at)} ${word} <<'${END}'\n${text}${END}`;
}

function unreachable(step: never): never {
  throw new Error(`no such step: ${String(step)}`);
}
