/** `holdfast key`: what opens a vault, and how it outlives this machine. */
import { type Command, Option } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { layoutTable } from '../../base/say-table.ts';
import { makeKeyFile, type Secret } from '../../vault/core/wrapped-key.ts';
import { KEYRING_SCOPES, type KeyringScope } from '../../vault/core/keyring.ts';
import { addKey, type KeyInfo, keyObjects, listKeys } from '../../vault/shell/keyring-store.ts';
import { vouchForAll } from '../../vault/shell/writer-store.ts';
import type { Disk } from '../../host/disk.ts';
import type { PeerPlace } from '../../adapters/peer/peer-place.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { VaultLine } from '../vault-line.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson, timeJson } from './json-shape.ts';
import { writeKeyFile } from './key-files.ts';
import { type Opened, openVaultOf, vaultOptions } from './open.ts';
import { absolutePath, bytesOfText, parentPath, textOfBytes } from './places.ts';
import { keptKeyPath, newPassphrase, passphraseSecret } from './secrets.ts';
import { fullPath, type VaultOptions } from './settings.ts';
import { readConfirmation, sheetPath } from './sheet-confirmation.ts';
import type { GrantOptions, RequestOptions } from './key-grants.ts';
import type { DistrustOptions, TrustOptions } from './key-writers.ts';
import type { SheetOptions } from './sheet-act.ts';

interface AddOptions extends VaultOptions {
  readonly newKeyFile?: string | true;
  readonly newPassphraseFile?: string;
  readonly label?: string;
  readonly scope?: KeyringScope;
}

const EXAMPLE = `
Examples:
  holdfast key sheet --vault /srv/vault | lp
  holdfast key sheet --vault /srv/vault --confirm
  holdfast key add --vault /srv/vault --new-key-file /root/holdfast.key`;

export function define(command: Command, act: Act): void {
  command
    .summary('the keys of a vault')
    .description('What opens a vault: several passphrases and key files, each can be retired.')
    .addHelpText('after', EXAMPLE);
  const sheet = command
    .command('sheet')
    .description('Prints what is needed to recover: keep it elsewhere, then confirm it.')
    .option('--confirm', 'type part of it back: from then on the key counts as kept elsewhere')
    .option('--where <text>', 'with --confirm: where it is kept, in words')
    .addHelpText('after', '\nExample:\n  holdfast key sheet --vault /srv/vault | lp')
    .action(
      act(async (cli, [options]: [SheetOptions]) => {
        const { confirmSheet, printSheet } = await import('./sheet-act.ts');
        return options.confirm === true ? confirmSheet(cli, options) : printSheet(cli, options);
      }),
    );
  const add = command
    .command('add')
    .description('One more passphrase (asked for, twice) or key file that opens the vault.')
    .option('--new-key-file [file]', 'make a key file there, or in the state directory')
    .option('--new-passphrase-file <file>', 'its first line is the new passphrase')
    .option('--label <text>', 'what the key is called, for people')
    .addOption(
      new Option('--scope <scope>', 'what it is for: a host that only writes reads nothing back')
        .choices(KEYRING_SCOPES)
        .default('all'),
    )
    .addHelpText('after', ADD_EXAMPLE)
    .action(act((cli, [options]: [AddOptions]) => addOne(cli, options)));
  const list = command
    .command('list')
    .description('Which keys open the vault.')
    .addHelpText('after', '\nExample:\n  holdfast key list --vault /srv/vault')
    .action(act((cli, [options]: [VaultOptions]) => listAll(cli, options)));
  const retire = command
    .command('retire')
    .description(
      'Takes a key away. Retiring is not revoking: who has used it may know what it opened.',
    )
    .argument('<id>', 'of the key, as `key list` shows it')
    .addHelpText(
      'after',
      '\nThe vault is opened with another key for it, which shows that another works.\n\nExample:\n  holdfast key retire --key-file /root/new.key ce2add0a',
    )
    .action(act((cli, [id, options]: [string, VaultOptions]) => retireOne(cli, id, options)));
  const others = [...defineWriters(command, act), ...defineGrants(command, act)];
  for (const part of [sheet, add, list, retire, ...others]) vaultOptions(part);
}

/** Keys for one snapshot, for a machine whose key does not read. */
function defineGrants(command: Command, act: Act): readonly Command[] {
  const request = command
    .command('request')
    .description(
      'Asks for the keys of one snapshot, or of one path of it: for a key that only writes.',
    )
    .argument('<snapshot>', 'latest, or the first digits of its id')
    .argument('[path]', 'a directory or a file in it')
    .option('--data-set <name>', 'latest is the newest of this data set')
    .option('--out <file>', 'where the request is written (here, under a name of its own)')
    .addHelpText('after', '\nExample:\n  holdfast key request latest etc/nginx')
    .action(
      act(async (cli, [snapshot, path, options]: [string, string | undefined, RequestOptions]) =>
        (await import('./key-grants.ts')).requestKeys(cli, { snapshot, path, options }),
      ),
    );
  const grant = command
    .command('grant')
    .description('Grants a request: the data keys of that snapshot, sealed to who asked.')
    .argument('<request>', 'the file that `key request` wrote')
    .option('--fingerprint <digits>', 'as the machine that asks shows it, 16 digits or more')
    .option('--valid <time>', 'how long it can be used, such as 8h; 7d at most', '24h')
    .option('--out <file>', 'where the grant is written (REQUEST.grant)')
    .addHelpText('after', GRANT_EXAMPLE)
    .action(
      act(async (cli, [file, options]: [string, GrantOptions]) =>
        (await import('./key-grants.ts')).grantKeys(cli, file, options),
      ),
    );
  return [request, grant];
}

const GRANT_EXAMPLE = `
It says who asks and for what, and asks for the fingerprint that the other
machine shows: get it by another way than the request came. Data keys are those
of whole runs: what else these runs stored is opened too.

Example:
  holdfast key grant restore-request-1f0c33a9`;

/** Whose snapshots are believed. */
function defineWriters(command: Command, act: Act): readonly Command[] {
  const writers = command
    .command('writers')
    .description('Who wrote into the vault, and who is believed.')
    .addHelpText('after', '\nExample:\n  holdfast key writers --vault /srv/vault')
    .action(
      act(async (cli, [options]: [VaultOptions]) =>
        (await import('./key-writers.ts')).listWriters(cli, options),
      ),
    );
  const trust = command
    .command('trust')
    .description('Vouches for a writer: what it wrote is believed, and restored as the latest.')
    .argument('<writer>', 'its fingerprint, or 8 digits and more, as `key writers` shows it')
    .option('--from <time>', 'what it dated before is not believed')
    .addHelpText('after', '\nExample:\n  holdfast key trust 1f0c33a9d27b4e55')
    .action(
      act(async (cli, [writer, options]: [string, TrustOptions]) =>
        (await import('./key-writers.ts')).trustWriter(cli, writer, options),
      ),
    );
  const distrust = command
    .command('distrust')
    .description('Believes nothing more of a writer, such as of a host that was broken into.')
    .argument('<writer>', 'its fingerprint, or 8 digits and more, as `key writers` shows it')
    .option('--until <time>', 'what is here now and was dated before stays believed (now)')
    .addHelpText('after', '\nExample:\n  holdfast key distrust 1f0c33a9d27b4e55 --until 2026-11-19')
    .action(
      act(async (cli, [writer, options]: [string, DistrustOptions]) =>
        (await import('./key-writers.ts')).distrustWriter(cli, writer, options),
      ),
    );
  return [writers, trust, distrust];
}

const ADD_EXAMPLE = `
Of --scope each has what stands before it: write (backups, and nothing is read
back), names (paths and sizes), content (restores), all (keys, and whose
snapshots are believed).

Examples:
  holdfast key add --new-key-file /root/holdfast.key
  holdfast key add --scope write --new-key-file /root/web1.key --label web1`;

async function addOne(cli: Cli, options: AddOptions): Promise<Answer> {
  const { scope = 'all' } = options;
  const opened = await openVaultOf(cli, options, scope);
  const { session } = opened;
  // Limited keys believe a writer by what was said of it, and older versions said nothing.
  if (scope !== 'all') await vouchForAll(portsOf(session), session.vault);
  const { secret, label, path } = await newSecret(cli, options, opened);
  if (path !== undefined) writeKeyFile(session, path, secret.bytes);
  const key = await addKey(portsOf(session), {
    keyring: session.vault.keyring,
    ...{ secret, scope },
    label: options.label ?? label,
  });
  const where = path === undefined ? 'the new passphrase' : sayName(path);
  return {
    code: EXIT.done,
    say: () => [addedWords(key, where)],
    json: {
      key: key.id,
      scope,
      kind: key.kind,
      ...(path === undefined ? {} : bytesJson('keyFile', path)),
    },
  };
}

function addedWords({ id, scope }: KeyInfo, where: string): string {
  if (scope === 'all') return `Key ${id} was added: ${where} opens the vault as well.`;
  const not = {
    write: 'reads nothing of it, neither names nor content',
    names: 'reads names, paths and sizes of it, and no content',
    content: 'reads all of it, and vouches for nobody',
  }[scope];
  return `Key ${id} was added: ${where} writes into the vault, and ${not}.`;
}

async function newSecret(cli: Cli, options: AddOptions, { session, settings }: Opened) {
  const { newKeyFile, newPassphraseFile } = options;
  if (newKeyFile !== undefined) {
    const kept = keptKeyPath(settings.state.value, session.vault.id);
    const path = newKeyFile === true ? kept : fullPath(cli, newKeyFile);
    const secret: Secret = { kind: 'file', bytes: makeKeyFile(session.tools) };
    return { secret, label: 'key file', path };
  }
  if (newPassphraseFile !== undefined) {
    const value = absolutePath(cli.cwd, bytesOfText(newPassphraseFile));
    const found = passphraseSecret(session.disk, { value, by: '--new-passphrase-file' });
    return { secret: found.secret, label: 'passphrase', path: undefined };
  }
  const secret = cli.terminal.canAsk
    ? await newPassphrase(cli, 'New passphrase, besides those there are: ')
    : undefined;
  if (secret === undefined) {
    const message = 'nothing was added: give --new-key-file or --new-passphrase-file';
    throw new Fault('HF_USAGE', message, { command: 'key add' });
  }
  return { secret, label: 'passphrase', path: undefined };
}

async function listAll(cli: Cli, options: VaultOptions): Promise<Answer> {
  const { session, settings } = await openVaultOf(cli, options, 'write');
  const { vault, disk } = session;
  const { keys, problems } = await listKeys(portsOf(session), vault.id);
  const where = { state: settings.state.value, vault: vault.id };
  const confirmed = readConfirmation(disk, where);
  const say = (style: Style): readonly string[] => {
    const rows = keys.map(({ id, kind, label, created, scope }) => [
      { text: id },
      { text: scope },
      { text: kind === 'file' ? 'key file' : 'passphrase' },
      { text: sayText(label, style) },
      { text: timeJson(created).slice(0, 10) },
      { text: id === vault.key.id ? 'opened the vault now' : '' },
    ]);
    const columns = [
      { header: 'ID' },
      { header: 'FOR' },
      { header: 'KIND' },
      { header: 'LABEL', shrink: 'start' as const },
      { header: 'MADE' },
      { header: '' },
    ];
    const sheet = keys.some(({ id }) => id === confirmed?.key)
      ? [
          '',
          `Key ${confirmed?.key ?? ''} is also on the sheet kept ${sayText(confirmed?.where ?? '', style)}.`,
        ]
      : [];
    const text = openersWords(keys);
    return [
      text,
      '',
      ...layoutTable(style, columns, rows),
      ...sheet,
      ...damaged(problems.length, style),
    ];
  };
  const json = keys.map(({ id, kind, label, created, scope }) => ({
    id,
    scope,
    kind,
    label,
    created: timeJson(created),
    isOpener: id === vault.key.id,
    isOnConfirmedSheet: confirmed?.key === id,
  }));
  return { code: EXIT.done, say, json: { vault: vault.id, keys: json, problems } };
}

function openersWords(keys: readonly Pick<KeyInfo, 'scope'>[]): string {
  const full = keys.filter(({ scope }) => scope === 'all').length;
  const text = `${countOf(full, 'key opens', 'keys open')} this vault, each by itself`;
  if (full === keys.length) return `${text}.`;
  return `${text}; ${countOf(keys.length - full, 'is', 'are')} for less.`;
}

function damaged(count: number, style: Style): readonly string[] {
  if (count === 0) return [];
  const text = `${countOf(count, 'key object')} missing, damaged or foreign: holdfast vault check`;
  return ['', ...layoutSentence(style, { mark: { is: 'degraded' }, text })];
}

async function retireOne(cli: Cli, given: string, options: VaultOptions): Promise<Answer> {
  const { session, settings } = await openVaultOf(cli, options, 'all');
  const { vault, disk } = session;
  const { keys } = await listKeys(portsOf(session), vault.id);
  const matches = keys.filter(({ id }) => given.length >= 4 && id.startsWith(given.toLowerCase()));
  const [key, other] = matches;
  if (key === undefined || other !== undefined) {
    const what = key === undefined ? 'there is no key' : 'several keys begin with';
    const message = `nothing was retired: ${what} ${sayText(given)}; see \`holdfast key list\``;
    throw new Fault('HF_USAGE', message, { command: 'key retire' });
  }
  if (key.id === vault.key.id) {
    const message = `nothing was retired: ${key.id} is the key that opened the vault`;
    throw new Fault('HF_KEY_UNPROVEN', message, { key: key.id });
  }
  removeKey(session, key.id);
  const where = { state: settings.state.value, vault: vault.id };
  const wasConfirmed = readConfirmation(disk, where)?.key === key.id;
  if (wasConfirmed) disk.unlink(sheetPath(where));
  const left = countOf(keys.length - 1, 'key opens', 'keys open');
  return {
    code: EXIT.done,
    say: (style) => [
      `Key ${key.id} (${sayText(key.label, style)}) was retired; ${left} the vault.`,
      'Retiring is not revoking: copies of the vault still hold it, and who used it may know the rest.',
      ...(wasConfirmed
        ? ['Its sheet opens nothing any more: print a new one, holdfast key sheet.']
        : []),
    ],
    json: { retired: key.id, left: keys.length - 1 },
  };
}

/** As its own machine has it: only that knows where its ROOT is. */
function atPeer({ vault }: PeerPlace): ByteString {
  return byteString(`ROOT/vaults/${vault}`);
}

/** No store port deletes; a vault elsewhere may not even let us. */
function removeKey(
  { disk, line }: { readonly disk: Disk; readonly line: VaultLine },
  id: string,
): void {
  if (line.place.kind !== 'directory') {
    const { host } = line.place.place;
    const path = line.place.kind === 'ssh' ? line.place.place.path : atPeer(line.place.place);
    const message = `nothing was retired: keys of a vault on another machine are retired on ${host}`;
    throw new Fault('HF_KEY_REMOTE', message, { host, place: textOfBytes(path) });
  }
  for (const name of keyObjects(id)) {
    const path = absolutePath(line.place.root, bytesOfText(name));
    // One of the two may have been lost before.
    if (disk.size(path) === undefined) continue;
    disk.unlink(path);
    disk.syncDir(parentPath(path));
  }
}

function portsOf({ line, tools, clock }: VaultSession) {
  return { store: line.store, tools, clock };
}
