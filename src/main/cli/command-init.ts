/** `holdfast init`: makes a vault. */
import type { Command } from 'commander';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows } from '../../base/say-rows.ts';
import { VAULT_FORMAT } from '../../vault/core/header.ts';
import { makeKeyFile, type Secret } from '../../vault/core/wrapped-key.ts';
import { createVault } from '../../vault/shell/create-vault.ts';
import { LocalState } from '../../vault/shell/local-state.ts';
import type { RemoteFacts } from '../threads/store-messages.ts';
import type { Ports, Space } from '../vault-line.ts';
import { nameOfPlace, type VaultPlace } from '../vault-place.ts';
import { nodePorts } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson } from './json-shape.ts';
import { writeKeyFile } from './key-files.ts';
import { lineTo, vaultOptions } from './open.ts';
import { textOfBytes } from './places.ts';
import { keptKeyPath, namedSecret, newPassphrase } from './secrets.ts';
import { fullPath, readSettings, type Settings, type VaultOptions } from './settings.ts';
import { vaultDocuments } from './vault-documents.ts';

interface InitOptions extends VaultOptions {
  /** A path, or true: in the state directory. */
  readonly newKeyFile?: string | true;
  readonly label: string;
}

/** What `init` leaves when it is killed, and a fresh file system: no reason to refuse. */
const OWN_NAMES = new Set(
  'copy header keys writers vouches packs index snapshots received holds releases forgets forgotten putbacks collect damaged tmp README.txt FORMAT.md MANIFEST.md rescue.mjs rescue.py lost+found'.split(
    ' ',
  ),
);

const EXAMPLE = `
Without a key option a passphrase is asked for, twice; where nobody can be
asked, a key file is made in the state directory.

Examples:
  holdfast init --vault /mnt/usb/vault
  holdfast init --vault /srv/vault --new-key-file /root/holdfast.key
  holdfast init --vault ssh://backup@nas/srv/vault`;

export function define(command: Command, act: Act): void {
  command
    .summary('make a vault')
    .description(
      'Makes a vault (a backup repository) in an empty or new directory, here or on another machine.',
    )
    .option('--new-key-file [file]', 'make a key file there, or in the state directory')
    .option('--label <text>', 'what the key is called, for people', 'made by init')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [InitOptions]) => init(cli, options)));
  vaultOptions(command);
}

/** How the new vault is opened, and where the key file goes, if one is made. */
interface NewKey {
  readonly secret: Secret;
  readonly keyFile:
    | { readonly made: boolean; readonly path: ByteString | undefined /* the state directory */ }
    | undefined;
}

async function init(cli: Cli, options: InitOptions): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const ports = nodePorts();
  const line = await lineTo(cli, settings);
  checkPlace(ports, line.place);
  // Before a key is made or asked for: ssh may have a question of its own, or get nowhere.
  const facts = await line.facts();
  const key = await chooseKey(cli, { settings, options, ports });
  const state = settings.state.value;
  let keyPath = key.keyFile?.path;
  if (key.keyFile?.made === true && keyPath !== undefined) {
    writeKeyFile(ports, keyPath, key.secret.bytes);
  }
  const created = await createVault(
    { ...ports, store: line.direct },
    {
      secrets: [{ secret: key.secret, label: options.label }],
      documents: vaultDocuments(),
      keepWriter: (vault, writer) => {
        if (key.keyFile !== undefined && keyPath === undefined) {
          keyPath = keptKeyPath(state, vault);
          writeKeyFile(ports, keyPath, key.secret.bytes);
        }
        new LocalState(ports, { state, vault }).writeWriter(writer);
      },
    },
  );
  const { vault } = created.keyring;
  const space = await line.space();
  const writer = created.writerFingerprint;
  const made: Made = { vault, place: line.place, keyPath, writer, facts, space };
  return { code: EXIT.done, say: (style) => words(made, style), json: initJson(made) };
}

/** A store shows objects and no directories: what else lies on another machine stays untouched. */
function checkPlace({ disk }: Ports, at: VaultPlace): void {
  if (at.kind !== 'directory') return;
  const first = (disk.list(at.root) ?? []).find((name) => !OWN_NAMES.has(name));
  if (first === undefined) return;
  const place = textOfBytes(nameOfPlace(at));
  const message = `nothing was made: ${place} holds other things (${sayName(first)})`;
  throw new Fault('HF_VAULT_PLACE_TAKEN', message, { place });
}

async function chooseKey(
  cli: Cli,
  of: { readonly settings: Settings; readonly options: InitOptions; readonly ports: Ports },
): Promise<NewKey> {
  const { settings, options, ports } = of;
  const { newKeyFile } = options;
  if (newKeyFile !== undefined) {
    const path = newKeyFile === true ? undefined : fullPath(cli, newKeyFile);
    return madeKey(ports, path);
  }
  const named = namedSecret(cli, settings, ports.disk);
  if (named !== undefined) {
    const { secret, path } = named;
    if (secret.kind === 'file') checkKeyFile(ports, secret, textOfBytes(path ?? root(settings)));
    return { secret, keyFile: path === undefined ? undefined : { made: false, path } };
  }
  if (!cli.terminal.canAsk) return madeKey(ports, undefined);
  const question = 'New passphrase (empty: a key file in the state directory instead): ';
  const secret = await newPassphrase(cli, question);
  return secret === undefined ? madeKey(ports, undefined) : { secret, keyFile: undefined };
}

function root(settings: Settings): ByteString {
  return settings.state.value;
}

function madeKey({ tools }: Ports, path: ByteString | undefined): NewKey {
  return { secret: { kind: 'file', bytes: makeKeyFile(tools) }, keyFile: { made: true, path } };
}

/** Wrapping with something else would make a vault that nothing opens. */
export function checkKeyFile({ tools }: Pick<Ports, 'tools'>, secret: Secret, path: string): void {
  const text = tools.codec.textOf(secret.bytes);
  if (/^holdfast-key-0 [0-9A-Za-z+/]{43}=\s*$/.test(text)) return;
  throw new Fault('HF_KEY_REFUSED', `${path} is no Holdfast key file`, { path });
}

interface Made {
  readonly vault: string;
  readonly place: VaultPlace;
  readonly keyPath: ByteString | undefined;
  readonly writer: string;
  /** Of a store on another machine. */
  readonly facts: RemoteFacts | undefined;
  /** Undefined where the other side does not tell. */
  readonly space: Space | undefined;
}

function words(made: Made, style: Parameters<Answer['say']>[0]): readonly string[] {
  const { vault, place, keyPath, facts, space } = made;
  const name = sayName(nameOfPlace(place), style);
  const command = `holdfast key sheet --vault ${name}`;
  const rows: LabelledRow[] = [
    keyRow(keyPath === undefined ? undefined : sayName(keyPath, style), command),
    {
      mark: { is: 'ok' },
      label: 'format',
      text: `${VAULT_FORMAT}, read for ever; what is promised: docs/operating/vault.md`,
    },
    { mark: { is: 'ok' }, label: 'vault', text: `${name}, ${freeWords(space)}` },
    ...(facts === undefined ? [] : promiseRows(facts)),
  ];
  return [
    `A vault was made, ${vault.slice(0, 8)}. It holds no snapshot yet.`,
    '',
    ...layoutRows(style, rows),
    '',
    `Back up into it:  holdfast backup --vault ${name} PATH`,
  ];
}

function freeWords(space: Space | undefined): string {
  if (space !== undefined) return `${formatBytes(space.freeBytes)} free`;
  return 'how much is free is not told by the other side: no floor is kept there';
}

const DIGESTS = {
  returned: 'the other side says the digest of what it holds, and it is compared',
  're-read': 'what was written is read again and compared',
  none: 'what was written is not compared; `vault check --read-data` does it',
} as const;

/** What the store on the other machine promises, and what it does not. */
function promiseRows({ says, promises, kind }: RemoteFacts): readonly LabelledRow[] {
  const { durable, digest } = promises;
  const lasting = durable
    ? 'what is acknowledged is on the medium there'
    : 'the other side does not say when what was written is on its medium';
  return [
    { mark: { is: kind !== 'sftp' ? 'ok' : 'degraded' }, label: 'deleting', text: says },
    { mark: { is: durable ? 'ok' : 'degraded' }, label: 'durable', text: lasting },
    { mark: { is: digest === 'none' ? 'degraded' : 'ok' }, label: 'digest', text: DIGESTS[digest] },
  ];
}

function keyRow(keyPath: string | undefined, command: string): LabelledRow {
  const label = 'key';
  if (keyPath === undefined) {
    const text = 'a passphrase; without it nobody opens this vault, Holdfast neither';
    return { mark: { is: 'degraded' }, label, text, command };
  }
  const text = `${keyPath}, only on this machine: lost with it, until a sheet is confirmed`;
  return { mark: { is: 'failed' }, label, text, command };
}

function initJson({ vault, place, keyPath, writer, facts }: Made): object {
  return {
    vault,
    ...bytesJson('place', nameOfPlace(place)),
    ...(facts === undefined ? {} : { store: facts }),
    format: 0,
    key: keyPath === undefined ? 'passphrase' : 'file',
    ...(keyPath === undefined ? {} : bytesJson('keyFile', keyPath)),
    writer,
  };
}
