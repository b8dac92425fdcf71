/** `holdfast bundle`: what a mailing list asks for, safe to post. */
import type { Command } from 'commander';
import { collectSections, namesHere, type Section } from '../../adapters/bundle/collect.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { countOf } from '../../base/say-quantity.ts';
import { sayMessage, sayText } from '../../base/say-name.ts';
import { FreezeSwitch } from '../../guard/shell/freeze-switch.ts';
import { StoppedBook } from '../../guard/shell/stopped-book.ts';
import { publishFile, replaceFile } from '../../vault/shell/whole-file.ts';
import { Redactor } from '../../watch/core/bundle/redact.ts';
import { VERSION } from '../version.ts';
import { nodePorts } from '../vault-session.ts';
import { askLine } from './ask.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { fullPath, readSettings, type Settings } from './settings.ts';

interface Options {
  readonly config?: string;
  readonly output?: string;
  readonly yes?: true;
}

const EXAMPLE = `
Names of hosts and users, addresses, domains, identities and secrets stand
behind placeholders, the same for the same thing. What they stand for is kept in
the state directory, on this machine only. Read it before you post it: names of
volumes, directories and data bases stay as they are.

Examples:
  holdfast bundle                                   to read it
  holdfast bundle --output report.txt               shows it, then asks
  holdfast bundle --output report.txt --yes`;

export function define(command: Command, act: Act): void {
  command
    .summary('versions, state and last kernel lines, safe to post')
    .description('Collects what a mailing list asks for, without names, addresses and secrets.')
    .option('--output <file>', 'write it there, after showing it')
    .option('--yes', 'write it without asking')
    .option('--config <file>', 'another configuration file')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => bundle(cli, options)));
}

async function bundle(cli: Cli, options: Options): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const stop = new AbortController();
  cli.stop.onStop(() => stop.abort());
  const sections = [ownSection(cli, settings), ...(await collectSections(stop.signal))];
  const here = namesHere();
  const named = Object.entries(settings.config.hosts ?? {}).flatMap(([name, { address }]) =>
    address === undefined ? [name] : [name, address.replace(/^.*@/, '').replace(/:\d+$/, '')],
  );
  const redactor = new Redactor({ ...here, hosts: [...here.hosts, ...named] });
  // As one text: a name that is known from its place in one section is hidden in all.
  const text = `${redactor.text(textOf(sections))}\n`;
  const replaced = redactor.replaced();
  const names = keepNames(settings, replaced);
  const said = `${countOf(replaced.length, 'name and address', 'names and addresses')} replaced; what they were: ${sayText(names)}`;
  const file = options.output;
  if (file === undefined) return answer(text, { said, names, written: undefined });
  if (options.yes !== true && !(await isAgreed(cli, text, file))) {
    return { code: EXIT.held, say: () => ['Nothing was written.'], json: { written: null, names } };
  }
  write(cli, file, text);
  return answer(options.yes === true ? text : '', { said, names, written: file });
}

function answer(
  text: string,
  {
    said,
    names,
    written,
  }: { readonly said: string; readonly names: string; readonly written: string | undefined },
): Answer {
  return {
    code: EXIT.done,
    say: () => [
      ...text.split('\n').map((line) => sayMessage(line)),
      written === undefined ? said : `Written to ${sayText(written)}. ${said}`,
    ],
    json: { text, names, written: written ?? null },
  };
}

function ownSection(cli: Cli, settings: Settings): Section {
  const ports = { ...nodePorts(), stateDir: settings.state.value };
  const isFrozen = new FreezeSwitch(ports).found() !== undefined;
  const stopped = new StoppedBook(ports).names();
  const lines = [
    `version ${VERSION}, Node ${process.version}, ${process.arch}`,
    `as ${process.getuid?.() === 0 ? 'root' : 'a user'}, at ${new Date(cli.clock.now()).toISOString()}`,
    `configuration: ${settings.configFile === undefined ? 'none' : Object.keys(settings.config).sort().join(', ')}`,
    `frozen: ${isFrozen ? 'yes' : 'no'}; stopped by it: ${stopped.length}`,
  ];
  return { title: 'holdfast', text: lines.join('\n') };
}

function textOf(sections: readonly Section[]): string {
  return sections.map(({ title, text }) => `== ${title}\n${text}`).join('\n\n');
}

/** Beside the state, readable by its owner only: it is what the bundle is without. */
function keepNames(
  settings: Settings,
  replaced: readonly { readonly placeholder: string; readonly was: string }[],
): string {
  const path = byteString(`${settings.state.value}/bundle/names.json`);
  const json = Object.fromEntries(replaced.map(({ placeholder, was }) => [placeholder, was]));
  replaceFile(nodePorts(), path, Buffer.from(`${JSON.stringify(json, null, 1)}\n`));
  return fsPath(path).toString();
}

/** Shown before it is written; silence is no. */
async function isAgreed(cli: Cli, text: string, file: string): Promise<boolean> {
  if (!cli.terminal.canAsk || cli.wantsJson) {
    const message = `${sayText(file)} is written where somebody has read it: say --yes`;
    throw new Fault('HF_USAGE', message, { command: 'bundle' });
  }
  cli.terminal.err(
    `${text
      .split('\n')
      .map((line) => sayMessage(line))
      .join('\n')}\n`,
  );
  const typed = await askLine(cli, `Write this to ${sayText(file)}? [y/N] `);
  return /^y(?:es)?$/i.test(typed.trim());
}

function write(cli: Cli, file: string, text: string): void {
  const outcome = publishFile(nodePorts(), fullPath(cli, file), Buffer.from(text));
  if (outcome === 'published') return;
  const message = `${sayText(file)} is there already; nothing was written`;
  throw new Fault('HF_USAGE', message, { command: 'bundle' });
}
