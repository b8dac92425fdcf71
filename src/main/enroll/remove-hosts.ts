/** `holdfast remove`: what the list on the host names, shown, asked for, taken away, last first. */
import { ownScript, type HostShell } from '../../adapters/enroll/host-shell.ts';
import type { Survey } from '../../adapters/enroll/survey.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { askLine } from '../cli/ask.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { keptSentences, removalInWords } from './enroll-words.ts';
import { type HostOutcome, onEach, runWhole, shellsFor, surveyOf } from './on-hosts.ts';
import { NOTHING_LEFT_SCRIPT, removeScript } from './remove-script.ts';

export interface RemoveRequest {
  /** None: this machine. */
  readonly hosts: readonly string[];
  readonly isYes: boolean;
}

interface Removed {
  readonly host: string;
  readonly survey: Survey;
  readonly wasThere: boolean;
}

/** @throws Fault HF_ENROLL_CONFIRM, HF_LOOK_HOST */
export async function removeFromHosts(cli: Cli, request: RemoveRequest): Promise<Answer> {
  const isHere = request.hosts.length === 0;
  const shells = shellsFor(cli, isHere ? ['localhost'] : request.hosts);
  const seen = await onEach(shells, surveyOf);
  const able = seen.flatMap(({ host, done }) =>
    done === undefined ? [] : [{ host, survey: done }],
  );
  const refused = seen.filter(({ fault }) => fault !== undefined);
  const listed = able.filter(({ survey }) => survey.installed !== undefined);
  if (listed.length > 0 && !(await isWanted(cli, listed, request.isYes))) {
    return answerOf([], true);
  }
  const chosen = shells.filter(({ host }) => able.some((each) => each.host === host.name));
  const outcomes = await onEach(chosen, async (shell) => {
    const survey = able.find(({ host }) => host === shell.host.name)?.survey;
    if (survey === undefined) throw new Error(`${shell.host.name} was not looked at`);
    return removeOne(shell, survey, isHere);
  });
  return answerOf(
    [...outcomes, ...refused.map(({ host, fault }) => ({ host, done: undefined, fault }))],
    false,
  );
}

async function isWanted(
  cli: Cli,
  listed: readonly { readonly host: string; readonly survey: Survey }[],
  isYes: boolean,
): Promise<boolean> {
  const { terminal } = cli;
  for (const { host, survey } of listed) {
    const { installed } = survey;
    if (installed === undefined) continue;
    const lines = removalInWords(terminal.errorStyle, { host, survey, installed });
    for (const line of lines) terminal.err(`${line}\n`);
  }
  if (isYes) return true;
  if (!terminal.canAsk) {
    throw new Fault('HF_ENROLL_CONFIRM', 'nobody sits there who could say yes; nothing was done');
  }
  const said = await askLine(cli, 'Take it away? Type yes: ');
  return said.trim() === 'yes';
}

async function removeOne(shell: HostShell, survey: Survey, isHere: boolean): Promise<Removed> {
  const { installed, kept } = survey;
  const host = shell.host.name;
  const prelude = ownScript('prelude');
  if (installed === undefined) {
    if (survey.packagedBy !== undefined) throw packaged(host, survey.packagedBy);
    await runWhole(shell, prelude + NOTHING_LEFT_SCRIPT);
    return { host, survey, wasThere: false };
  }
  const hasUndo = kept.some(({ kind }) => kind === 'undo');
  const script = removeScript({ installed, hasUndo, isHere }, prelude);
  await runWhole(shell, script);
  return { host, survey, wasThere: true };
}

/** Somebody else put it there, and has the list of it. */
function packaged(host: string, by: string): Fault {
  const instead = by === 'dpkg' ? 'apt purge holdfast' : 'rpm -e holdfast';
  const message = `${host} has Holdfast as a package that was not installed by \`holdfast enroll\``;
  return new Fault('HF_ENROLL_HOST', message, {
    host,
    instead: `Take it away as it came: ${instead}.`,
  });
}

function answerOf(outcomes: readonly HostOutcome<Removed>[], isDeclined: boolean): Answer {
  const done = outcomes.flatMap((each) => each.done ?? []);
  const failed = outcomes.flatMap(({ host, fault }) =>
    fault === undefined ? [] : [{ host, fault }],
  );
  const isWell = failed.length === 0 && !isDeclined;
  return {
    code: isWell ? EXIT.done : done.length > 0 ? EXIT.gaps : EXIT.error,
    say: (style) => words(style, { done, failed, isDeclined }),
    json: {
      hosts: [
        ...done.map(({ host, survey, wasThere }) => ({ host, wasThere, kept: survey.kept })),
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
    readonly done: readonly Removed[];
    readonly failed: readonly { readonly host: string; readonly fault: Fault }[];
    readonly isDeclined: boolean;
  },
): Iterable<string> {
  for (const { host, survey, wasThere } of of.done) {
    const text = wasThere
      ? `${sayText(host)} has nothing of Holdfast any more but what is named here.`
      : `${sayText(host)} has no list of what Holdfast put there: nothing was taken away.`;
    yield* layoutSentence(style, { mark: { is: wasThere ? 'ok' : 'unknown' }, text });
    for (const kept of keptSentences(survey)) {
      yield* layoutSentence(style, { mark: { is: 'held' }, text: kept, indent: 2 });
    }
  }
  for (const { host, fault } of of.failed) {
    const text = `${sayText(host)}: ${fault.message}. ${fault.remedy} (${fault.code})`;
    yield* layoutSentence(style, { mark: { is: 'failed' }, text });
  }
  if (of.isDeclined) yield 'Nothing was done.';
}
