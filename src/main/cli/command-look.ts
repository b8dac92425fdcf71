/** `holdfast look`: what would be lost of many machines, seen over ssh, with nothing installed. */
import type { Command } from 'commander';
import type { HostList } from '../../adapters/look/asked-host.ts';
import { lookScript } from '../../adapters/look/script.ts';
import { Fault } from '../../base/fault.ts';
import { paint, type Style } from '../../base/say.ts';
import { seconds } from '../../base/units.ts';
import type { LookAnswer } from '../../watch/core/look/answer.ts';
import { lookAnswerOf } from '../../watch/core/look/answer-of.ts';
import { renderLookPage } from '../../watch/core/look/page-look.ts';
import { renderLook } from '../../watch/core/look/render-look.ts';
import type { SavedLook } from '../../watch/core/look/saved-look.ts';
import { askedHosts } from '../look/asked-hosts.ts';
import { connectedHere } from '../look/connected-here.ts';
import { lookJson } from '../look/look-json.ts';
import { damagedJson, damagedWords, lookStore } from '../look/look-store.ts';
import { askedJson, leftOutWords, lookCode, section } from '../look/look-words.ts';
import { type LookLimits, runLook } from '../look/run-look.ts';
import { saveConfig, type SavedConfig, savedJson, savedWords } from '../look/save-config.ts';
import { keepLook, newestLook } from '../look/saved-looks.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { replaceFile } from './key-files.ts';
import { absolutePath, bytesOfArgument } from './places.ts';
import { faultJson, faultLines } from './say-fault.ts';
import { readSettings, type Settings } from './settings.ts';
import { parseTimeLimit } from './time-limit.ts';

interface Options {
  readonly from?: readonly string[];
  readonly print?: true;
  readonly html?: string;
  readonly save?: true;
  readonly all?: true;
  readonly limit?: string;
  readonly atOnce?: string;
  readonly config?: string;
}

const LIMIT = seconds(45);
const AT_ONCE = 16;
const AT_ONCE_MAX = 128;

const EXAMPLE = `
One shell script is sent over your own ssh, to every host at once. It reads and
prints; it writes, installs and keeps nothing there. Any user will do: what it
could not see without root is listed, with the command that would show it.

Hosts are asked in batch mode, so keys must open without a question and host
keys be known (ssh-add; connect once by hand). A single host may ask you.

Ends with 6 where a host did not answer or not to the end, 1 where none did.

Examples:
  holdfast look hv1 root@st1 ann@web1.example.org:2222
  holdfast look --from ~/.ssh/config --save
  holdfast look --from inventory.ini --html estate.html
  holdfast look --print | less`;

export function define(command: Command, act: Act): void {
  const collect = (text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ];
  command
    .summary('what would be lost of many machines, over ssh; nothing installed')
    .description(
      'Looks at machines over ssh, with nothing installed there: what would be lost with each, what stands alone, what is in no recovery point, and what could not be seen.',
    )
    .argument('[host...]', '[user@]host[:port], as ssh knows them; localhost is this machine')
    .option('--from <file>', 'hosts of ~/.ssh/config or an Ansible inventory', collect)
    .option('--print', 'show the script that would be sent, and ask nobody')
    .option('--html <file>', 'write the answer as one page, too')
    .option('--save', 'write the first holdfast.yaml from what was seen')
    .option('--all', 'say everything, also what is usually summed up')
    .option('--limit <time>', 'how long one host may take; else 45s')
    .option('--at-once <count>', 'how many hosts are asked at the same time; else 16')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [hosts, options]: [readonly string[], Options]) => {
        if (options.print === true) return printed();
        const files = options.from ?? [];
        const isNamed = hosts.length > 0 || files.length > 0;
        if (!isNamed && options.save === true) return saveKept(cli, options);
        // Nobody was named: how to name them is the answer, and it is no success.
        if (!isNamed) command.help({ error: true });
        return perform(cli, askedHosts(hosts, files), options);
      }),
    );
}

async function printed(): Promise<Answer> {
  const script = lookScript();
  return { code: EXIT.done, say: () => [script.trimEnd()], json: { script } };
}

async function perform(cli: Cli, asked: HostList, options: Options): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const at = cli.clock.now();
  const looked = await runLook(cli, asked, limitsOf(options));
  const { looks } = looked;
  const connected = await connectedHere(settings, looks);
  const answer = lookAnswerOf(looks, { now: cli.clock.now(), connected });
  const written = writeDown(cli, { settings, look: { at, looks }, answer, options });
  const { saved, troubles } = written;
  return {
    code: troubles.length > 0 ? EXIT.error : lookCode(looked),
    say: (style) => [
      renderLook(answer, style, { all: options.all === true }).trimEnd(),
      ...leftOutWords(looked, style),
      ...section('', saved === undefined ? saveHint(settings, style) : savedWords(saved, style)),
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

interface Seen {
  readonly settings: Settings;
  readonly look: SavedLook;
  readonly answer: LookAnswer;
  readonly options: Options;
}

/** What was seen is told, also where it cannot be written: why not is told with it. */
function writeDown(
  cli: Cli,
  { settings, look, answer, options }: Seen,
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
  tried(() => keepLook(store, look));
  const { html } = options;
  if (html !== undefined) {
    const path = absolutePath(cli.cwd, bytesOfArgument(html));
    tried(() => replaceFile(store, path, Buffer.from(renderLookPage(answer), 'utf8')));
  }
  const saved = options.save === true && tried(() => saveConfig(cli, { settings, look }));
  return { saved: saved === false ? undefined : saved, troubles };
}

/** `--save` alone: from the last look, which is kept; nobody is asked again. */
async function saveKept(cli: Cli, options: Options): Promise<Answer> {
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

function saveHint({ configFile }: Settings, style: Style): readonly string[] {
  if (configFile !== undefined) return [];
  return [`Keep this as holdfast.yaml   ${paint(style, 'ask', 'holdfast look --save')}`];
}

/** @throws Fault HF_USAGE */
function limitsOf({ limit, atOnce }: Options): LookLimits {
  return {
    limit: limit === undefined ? LIMIT : parseTimeLimit(limit, 'look'),
    atOnce: atOnce === undefined ? AT_ONCE : countOf(atOnce),
  };
}

function countOf(text: string): number {
  const count = Number(text);
  if (/^[0-9]{1,3}$/.test(text) && count >= 1 && count <= AT_ONCE_MAX) return count;
  const message = `--at-once takes a count from 1 to ${AT_ONCE_MAX}`;
  throw new Fault('HF_USAGE', message, { command: 'look' });
}
