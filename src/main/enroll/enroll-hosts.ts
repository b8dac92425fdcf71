/** `holdfast enroll`: survey, show, ask, write the list, send, install, enrol, start. */
import { ownScript, type HostShell } from '../../adapters/enroll/host-shell.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { askLine } from '../cli/ask.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { textOfBytes } from '../cli/places.ts';
import { fullPath } from '../cli/settings.ts';
import {
  AGENT_CONFIG,
  AGENT_STATE,
  enrollPlan,
  type EnrollPlan,
  type Level,
  PROGRAM_TREE,
} from './enroll-plan.ts';
import { plansInWords } from './enroll-words.ts';
import { type HostOutcome, onEach, runWhole, shellsFor, surveyOf } from './on-hosts.ts';
import { type DeliveredPackage, packageHere } from './package-here.ts';
import { lineFrom, type LineFor } from './server-line.ts';
import {
  askIncomingScript,
  beginScript,
  enrolScript,
  installScript,
  startScript,
} from './step-scripts.ts';

export interface EnrollRequest {
  readonly hosts: readonly string[];
  readonly level: Level;
  readonly package: string | undefined;
  readonly lineFile: string | undefined;
  readonly isWithoutServer: boolean;
  readonly isYes: boolean;
}

interface Enrolled {
  readonly host: string;
  readonly isStarted: boolean;
  readonly isEnrolled: boolean;
}

/** @throws Fault HF_ENROLL_PACKAGE, HF_ENROLL_CONFIRM, HF_LOOK_HOST */
export async function enrollHosts(cli: Cli, request: EnrollRequest): Promise<Answer> {
  const shells = shellsFor(cli, request.hosts);
  const named = request.package;
  const file = named === undefined ? undefined : textOfBytes(fullPath(cli, named));
  const delivered = await packageHere(file);
  const plans = await onEach(shells, (shell) => planFor(shell, request, delivered));
  const able = plans.flatMap(({ done }) => done ?? []);
  const refused = plans.filter(({ fault }) => fault !== undefined);
  if (able.length === 0 || !(await isWanted(cli, able, request.isYes))) {
    return answerOf({ cli, outcomes: refused, isDeclined: able.length > 0 });
  }
  const lineFor = request.isWithoutServer ? undefined : lineFrom(cli, request.lineFile);
  const chosen = shells.filter(({ host }) => able.some((plan) => plan.host === host.name));
  const outcomes = await onEach(chosen, (shell) => {
    const plan = able.find(({ host }) => host === shell.host.name);
    if (plan === undefined) throw new Error(`${shell.host.name} has no plan`);
    return enrollOne(cli, { shell, plan, lineFor });
  });
  return answerOf({ cli, outcomes: [...outcomes, ...refused], isDeclined: false });
}

async function planFor(
  shell: HostShell,
  { level }: EnrollRequest,
  delivered: DeliveredPackage,
): Promise<EnrollPlan> {
  const survey = await surveyOf(shell);
  return enrollPlan({ host: shell.host.name, survey, level, delivered });
}

async function isWanted(cli: Cli, plans: readonly EnrollPlan[], isYes: boolean): Promise<boolean> {
  const { terminal } = cli;
  for (const line of plansInWords(terminal.errorStyle, plans)) terminal.err(`${line}\n`);
  if (isYes) return true;
  if (!terminal.canAsk) {
    throw new Fault('HF_ENROLL_CONFIRM', 'nobody sits there who could say yes; nothing was done');
  }
  const said = await askLine(cli, 'Put it there? Type yes: ');
  return said.trim() === 'yes';
}

async function enrollOne(
  cli: Cli,
  of: {
    readonly shell: HostShell;
    readonly plan: EnrollPlan;
    readonly lineFor: LineFor | undefined;
  },
): Promise<Enrolled> {
  const { shell, plan, lineFor } = of;
  const prelude = ownScript('prelude');
  const { host, survey, delivered } = plan;
  const tell = (what: string): void => cli.terminal.err(`${sayText(host)}: ${what}\n`);
  await runWhole(shell, prelude + beginScript(plan));
  const isThere =
    survey.unpacked === delivered.sha256 ||
    (await shell.run(prelude + askIncomingScript(plan))).includes('hf incoming whole');
  if (!isThere) {
    tell(`sending ${Math.ceil(delivered.bytes / 1e6)} MB`);
    await shell.send(delivered.file, delivered.name);
  }
  tell('installing');
  await runWhole(shell, prelude + installScript(plan));
  const isNew = lineFor !== undefined && !survey.isEnrolled;
  if (isNew) {
    tell('enrolling it with the server');
    await runWhole(shell, prelude + enrolScript(await lineFor(host)));
  }
  const isEnrolled = survey.isEnrolled || isNew;
  if (!isEnrolled) return { host, isStarted: false, isEnrolled };
  const said = await runWhole(shell, prelude + startScript(plan));
  return { host, isStarted: said.includes('hf started'), isEnrolled };
}

function answerOf(of: {
  readonly cli: Cli;
  readonly outcomes: readonly HostOutcome<Enrolled | EnrollPlan>[];
  readonly isDeclined: boolean;
}): Answer {
  const { outcomes, isDeclined } = of;
  const done = outcomes.flatMap((each) => {
    const enrolled = each.done;
    return enrolled !== undefined && 'isStarted' in enrolled ? [enrolled] : [];
  });
  const failed = outcomes.flatMap(({ host, fault }) =>
    fault === undefined ? [] : [{ host, fault }],
  );
  const code = failed.length === 0 ? EXIT.done : done.length > 0 ? EXIT.gaps : EXIT.error;
  return {
    code: isDeclined && failed.length === 0 ? EXIT.error : code,
    say: (style) => words(style, { done, failed, isDeclined }),
    json: {
      hosts: [
        ...done,
        ...failed.map(({ host, fault }) => ({
          host,
          error: { code: fault.code, message: fault.message, remedy: fault.remedy },
        })),
      ],
      wasDeclined: isDeclined,
    },
  };
}

function* words(
  style: Style,
  of: {
    readonly done: readonly Enrolled[];
    readonly failed: readonly { readonly host: string; readonly fault: Fault }[];
    readonly isDeclined: boolean;
  },
): Iterable<string> {
  for (const { host, isStarted, isEnrolled } of of.done) {
    const name = sayText(host);
    const text = isStarted
      ? `${name} is enrolled, and its agent runs.`
      : isEnrolled
        ? `${name} is enrolled; no systemd runs there, so start its agent by hand.`
        : `${name} has the agent; it is not enrolled with a server yet.`;
    yield* layoutSentence(style, { mark: { is: isStarted ? 'ok' : 'unknown' }, text });
    if (!isStarted) yield `  ${isEnrolled ? BY_HAND : ENROL_LATER}`;
  }
  for (const { host, fault } of of.failed) {
    const text = `${sayText(host)}: ${fault.message}. ${fault.remedy} (${fault.code})`;
    yield* layoutSentence(style, { mark: { is: 'failed' }, text });
  }
  if (of.isDeclined) yield 'Nothing was done.';
}

const AS_AGENT = `setpriv --reuid=holdfast --regid=holdfast --init-groups ${PROGRAM_TREE}/bin/holdfast agent`;
const FILES = `--config ${AGENT_CONFIG} --state ${AGENT_STATE}`;
const BY_HAND = `${AS_AGENT} ${FILES}`;
const ENROL_LATER = `${AS_AGENT} enroll - ${FILES}     # the line of \`holdfast server token HOST\` on stdin`;
