/** `look` with hosts: they are asked, and what they say is answered, kept and written. */
import fs from 'node:fs';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { paint, type Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import type { LookAnswer } from '../../watch/core/look/answer.ts';
import { lookAnswerOf } from '../../watch/core/look/answer-of.ts';
import { renderLookPage } from '../../watch/core/look/page-look.ts';
import { renderLook } from '../../watch/core/look/render-look.ts';
import type { SavedLook } from '../../watch/core/look/saved-look.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';
import { absolutePath, bytesOfArgument } from '../cli/places.ts';
import { faultJson, faultLines } from '../cli/say-fault.ts';
import { readSettings, type Settings } from '../cli/settings.ts';
import { askedHosts } from './asked-hosts.ts';
import { connectedHere } from './connected-here.ts';
import { lookJson } from './look-json.ts';
import { damagedJson, damagedWords, lookStore } from './look-store.ts';
import { askedJson, leftOutWords, lookCode, section } from './look-words.ts';
import { type Looked, type LookLimits, runLook } from './run-look.ts';
import { saveConfig, type SavedConfig, savedJson, savedWords } from './save-config.ts';
import { keepLook, newestLook } from './saved-looks.ts';

export interface LookOptions {
  readonly html?: string;
  readonly save?: true;
  readonly all?: true;
  readonly config?: string;
}

/** @throws Fault HF_LOOK_HOST, HF_LOOK_FROM, HF_LEDGER_UNAVAILABLE */
export async function answerLook(
  cli: Cli,
  given: {
    readonly hosts: readonly string[];
    readonly files: readonly string[];
    readonly limits: LookLimits;
    readonly options: LookOptions;
  },
): Promise<Answer> {
  const { options, limits } = given;
  const asked = askedHosts(given.hosts, given.files);
  const settings = await readSettings(cli, options);
  const page = pageOf(cli, options);
  const at = cli.clock.now();
  const looked = await runLook(cli, asked, limits);
  const { looks } = looked;
  const connected = await connectedHere(settings, looks);
  const answer = lookAnswerOf(looks, { now: cli.clock.now(), connected });
  const written = writeDown(cli, { settings, look: { at, looks }, answer, page, options });
  const { saved, troubles } = written;
  return {
    code: troubles.length > 0 ? EXIT.error : lookCode(looked),
    say: (style) => [
      renderLook(answer, style, { all: options.all === true }).trimEnd(),
      ...leftOutWords(looked, style),
      ...section(
        '',
        saved === undefined ? saveHint(looked, settings, style) : savedWords(saved, style),
      ),
      ...troubles.flatMap((fault) => ['', ...faultLines(style, fault)]),
    ],
    json: {
      ...lookJson(answer),
      ssh: askedJson(looked),
      saved: saved === undefined ? null : savedJson(saved),
      troubles: troubles.map(faultJson),
    },
  };
}

/** Said before anybody is asked. @throws Fault HF_USAGE */
function pageOf({ cwd }: Cli, { html }: LookOptions): ByteString | undefined {
  if (html === undefined) return undefined;
  const path = absolutePath(cwd, bytesOfArgument(html));
  if (fs.statSync(fsPath(path), { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  throw new Fault('HF_USAGE', `--html takes a file, and ${sayText(html)} is a directory`, {
    command: 'look',
  });
}

interface Seen {
  readonly settings: Settings;
  readonly look: SavedLook;
  readonly answer: LookAnswer;
  readonly page: ByteString | undefined;
  readonly options: LookOptions;
}

/** What was seen is told, also where it cannot be written: why not is told with it. */
function writeDown(
  cli: Cli,
  { settings, look, answer, page, options }: Seen,
): { readonly saved: SavedConfig | undefined; readonly troubles: readonly Fault[] } {
  const troubles: Fault[] = [];
  const tried = <T>(act: () => T): T | undefined => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      troubles.push(error);
      return undefined;
    }
  };
  const store = lookStore(settings);
  // A look that saw nothing would stand before the last one that did.
  const isSeen = look.looks.some(({ kind }) => kind === 'answered');
  if (isSeen) tried(() => keepLook(store, look));
  if (page !== undefined) {
    tried(() => replaceFile(store, page, Buffer.from(renderLookPage(answer), 'utf8')));
  }
  const isWanted = isSeen && options.save === true;
  const saved = isWanted ? tried(() => saveConfig(cli, { settings, look })) : undefined;
  return { saved, troubles };
}

/** `--save` alone: from the last look, which is kept; nobody is asked again. */
export async function answerKept(cli: Cli, options: LookOptions): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const { look, damaged } = newestLook(lookStore(settings));
  if (look === undefined) throw new Fault('HF_LOOK_WANTED', 'no look was kept');
  const saved = saveConfig(cli, { settings, look });
  return {
    code: EXIT.done,
    say: (style) => [...damagedWords(damaged, style), ...savedWords(saved, style)],
    json: { saved: savedJson(saved), damaged: damagedJson(damaged) },
  };
}

function saveHint({ looks }: Looked, { configFile }: Settings, style: Style): readonly string[] {
  if (configFile !== undefined || looks.every(({ kind }) => kind === 'failed')) return [];
  return [`Keep this as holdfast.yaml   ${paint(style, 'ask', 'holdfast look --save')}`];
}
