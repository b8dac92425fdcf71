/** What is shown before anything is put on a host or taken away, and after. */
import type { KeptThing, Survey } from '../../adapters/enroll/survey.ts';
import type { Style } from '../../base/say.ts';
import { countOf } from '../../base/say-quantity.ts';
import { sayText } from '../../base/say-name.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import type { Installed, InstalledStep } from '../../wire/installed.ts';
import { AGENT_CONFIG, AGENT_STATE, type EnrollPlan, type Level } from './enroll-plan.ts';

const MAY: Readonly<Record<Level, string>> = {
  look: 'reads what its own user may read, probes, reports',
  keep: 'reads every file (CAP_DAC_READ_SEARCH), backs up, drills into its own directory',
  act: 'as look; and root, one plan at a time, applies what this host itself finds approved',
};

const WHAT: Readonly<Record<InstalledStep['do'], string>> = {
  directory: 'directory',
  user: 'user',
  tree: 'tree',
  file: 'file',
  link: 'link',
  package: 'package',
  unit: 'unit',
};

/** Hosts that get the same are named together. */
export function* plansInWords(style: Style, plans: readonly EnrollPlan[]): Iterable<string> {
  const groups = new Map<string, { readonly plan: EnrollPlan; readonly hosts: string[] }>();
  for (const plan of plans) {
    const key = stepRows(plan.installed)
      .map(({ label, text }) => `${label} ${text}`)
      .join('\n');
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { plan, hosts: [plan.host] });
    else known.hosts.push(plan.host);
  }
  for (const { plan, hosts } of groups.values()) {
    const { installed, delivered, survey } = plan;
    const names = hosts.map((host) => sayText(host)).join(', ');
    const again = survey.installed === undefined ? '' : ' again; what is there already stays';
    yield* layoutSentence(style, {
      mark: undefined,
      text: `${names} will get Holdfast ${installed.version}${again}, level ${installed.level}: ${MAY[installed.level]}.`,
      tone: 'strong',
    });
    yield '';
    yield* layoutRows(style, stepRows(installed));
    yield '';
    yield `  Sent: ${sayText(delivered.name)}, SHA-256 ${delivered.sha256.slice(0, 16)}...; taken away again by holdfast remove.`;
    yield '';
  }
}

export function stepRows({ steps }: Installed): readonly LabelledRow[] {
  return steps.map((step) => ({ mark: undefined, label: WHAT[step.do], text: stepText(step) }));
}

function stepText(step: InstalledStep): string {
  const isReplaced = 'was' in step && step.was === true;
  if (isReplaced) return `${step.at}, and what lies there now is kept`;
  if (step.at === AGENT_CONFIG) return `${step.at}, where root says what the agent may do`;
  if (step.at === '/opt/holdfast') return `${step.at}, the program and its Node`;
  if (step.at === '/var/lib/holdfast/agent')
    return `${step.at}, its key and what it has yet to say`;
  return step.at;
}

/** What a removal takes, and what stays. */
export function* removalInWords(
  style: Style,
  of: { readonly host: string; readonly survey: Survey; readonly installed: Installed },
): Iterable<string> {
  const { host, survey, installed } = of;
  yield* layoutSentence(style, {
    mark: { wouldBe: 'lost' },
    text: `${sayText(host)} loses all that Holdfast ${installed.version} put there.`,
    tone: 'strong',
  });
  yield '';
  yield* layoutRows(style, [...stepRows({ ...installed, steps: installed.steps.toReversed() })]);
  yield* layoutRows(style, survey.wrapped.map(wrappedRow));
  yield '';
  const kept = keptSentences(survey);
  for (const text of kept) yield* layoutSentence(style, { mark: { is: 'held' }, text });
  for (const each of survey.callers) {
    const text = `${sayText(each)} calls holdfast and will fail: take it out there.`;
    yield* layoutSentence(style, { mark: { is: 'failed' }, text });
  }
}

function wrappedRow(path: string): LabelledRow {
  return {
    mark: undefined,
    label: 'original',
    text: `${sayText(path)} comes back in place of the kit's`,
  };
}

/** What a removal leaves, in sentences. */
export function keptSentences(survey: Survey): readonly string[] {
  return [...survey.kept.map(keptSentence), ...notListed(survey)];
}

/** What was there before it was enrolled. */
function notListed({ installed, there, packagedBy }: Survey): readonly string[] {
  if (installed === undefined) return [];
  const isListed = (is: (step: InstalledStep) => boolean): boolean => installed.steps.some(is);
  const state = there.has(AGENT_STATE) && !isListed(({ at }) => at === AGENT_STATE);
  const wasPackaged = packagedBy !== undefined && !isListed((step) => step.do === 'package');
  const command = packagedBy === 'dpkg' ? 'apt purge holdfast' : 'rpm -e holdfast';
  return [
    ...(state ? [`Kept: ${AGENT_STATE}, which was there before.`] : []),
    ...(wasPackaged ? [`Kept: the package holdfast, which was there before: ${command}.`] : []),
  ];
}

function keptSentence({ kind, what }: KeptThing): string {
  if (kind === 'undo') {
    const plans = countOf(Number(what), 'plan');
    return `Kept: what ${plans} can put back (/var/lib/holdfast/guard, .holdfast-undo on its mounts).`;
  }
  if (kind === 'vault') return `Kept: ${sayText(what)}, with what opens it.`;
  return `Kept: ${sayText(what)}, which Holdfast did not list.`;
}
