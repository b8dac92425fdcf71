/** `key sheet` and `key sheet --confirm`. */
import os from 'node:os';
import { Fault } from '../../base/fault.ts';
import { inCharset } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { parseWrappedKey, type WrappedKey } from '../../vault/core/wrapped-key.ts';
import { keyObjects } from '../../vault/shell/keyring-store.ts';
import { nameOfPlace } from '../vault-place.ts';
import type { VaultSession } from '../vault-session.ts';
import { askLine } from './ask.ts';
import type { Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
import { keySheet, type Sheet } from './key-sheet.ts';
import { type Opened, openVaultOf } from './open.ts';
import type { VaultOptions } from './settings.ts';
import { writeConfirmation } from './sheet-confirmation.ts';
import { type SheetLine, typedText } from './sheet-lines.ts';

export interface SheetOptions extends VaultOptions {
  readonly confirm?: true;
  readonly where?: string;
}

/** Groups that are asked for: enough that nobody guesses them, few enough to be typed. */
const ASKED_GROUPS = 3;
const TRIES_MAX = 3;

export async function printSheet(cli: Cli, options: SheetOptions): Promise<Answer> {
  const opened = await openVaultOf(cli, options, 'all');
  const sheet = await sheetOf(cli, opened);
  const { key, id } = opened.session.vault;
  return {
    code: EXIT.done,
    say: (style) => sheet.lines.map((line) => inCharset(style, line)),
    json: { vault: id, key: key.id, lines: sheet.lines },
  };
}

export async function confirmSheet(cli: Cli, options: SheetOptions): Promise<Answer> {
  const opened = await openVaultOf(cli, options, 'all');
  const { session, settings } = opened;
  const { asked } = await sheetOf(cli, opened);
  cli.stop.note('Nothing was confirmed.');
  await askForPart(cli, session, asked);
  const where = options.where ?? (await askLine(cli, 'Where is it kept, in your words? ')).trim();
  if (where === '') {
    const message = 'nothing was confirmed: where the sheet is kept was not said';
    throw new Fault('HF_USAGE', message, { command: 'key sheet' });
  }
  const { id, key } = session.vault;
  const confirmedAt = cli.clock.now();
  writeConfirmation(
    session,
    { state: settings.state.value, vault: id },
    { confirmedAt, where, key: key.id },
  );
  return {
    code: EXIT.done,
    say: (style) => [`Confirmed: the key also exists on the sheet kept ${sayText(where, style)}.`],
    json: { vault: id, key: key.id, confirmedAt: timeJson(confirmedAt), where },
  };
}

/** @throws Fault HF_SHEET_DIFFERS */
async function askForPart(
  cli: Cli,
  { tools }: VaultSession,
  asked: readonly SheetLine[],
): Promise<void> {
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    const line = asked[below(tools, asked.length)];
    if (line === undefined) break;
    const count = Math.min(ASKED_GROUPS, line.groups.length);
    const first = below(tools, line.groups.length - count + 1);
    const wanted = line.groups.slice(first, first + count).join('');
    const question = `From the sheet, line ${line.number}, groups ${first + 1} to ${first + count}: `;
    if (typedText(await askLine(cli, question)) === wanted) return;
    cli.terminal.err('That is not what the sheet of this key has there.\n');
  }
  throw new Fault('HF_SHEET_DIFFERS', 'nothing was confirmed: what was typed is not on the sheet');
}

/** 0 to `count` - 1; which part is asked for must not be known before. */
function below({ random }: VaultSession['tools'], count: number): number {
  const [first = 0, second = 0] = random.bytes(2);
  return (first * 256 + second) % count;
}

async function sheetOf(cli: Cli, { session, by }: Opened): Promise<Sheet> {
  const { vault, tools, line } = session;
  const { codec, hash } = tools;
  const { secret } = by;
  const keyFile =
    secret.kind === 'file'
      ? codec
          .textOf(secret.bytes)
          .trimEnd()
          .replace(/^holdfast-key-0 /, '')
      : undefined;
  return keySheet(hash, {
    place: sayName(nameOfPlace(line.place)),
    host: line.place.kind === 'directory' ? os.hostname() : undefined,
    printed: cli.clock.now(),
    vault: vault.id,
    domain: vault.domain,
    created: vault.header?.created,
    format: vault.header?.format,
    wrapped: await wrappedKeyOf(session),
    base64Of: codec.base64Of,
    keyFile,
    writers: [...vault.trustedWriters]
      .flatMap(([fingerprint, { until }]) => (until === undefined ? [fingerprint] : []))
      .sort(),
  });
}

/** The key that opened the vault, from whichever of its two places it can be read. */
async function wrappedKeyOf({ vault, line, tools }: VaultSession): Promise<WrappedKey> {
  let failure: unknown;
  for (const name of keyObjects(vault.key.id)) {
    try {
      return parseWrappedKey(tools, await line.store.get(name));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
