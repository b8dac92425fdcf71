/** `holdfast init`: makes a vault. */
import type { Command } from 'commander';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows } from '../../base/say-rows.ts';
import { makeKeyFile, type Secret } from '../../vault/core/wrapped-key.ts';
import { createVault } from '../../vault/shell/create-vault.ts';
import { LocalState } from '../../vault/shell/local-state.ts';
import { nodePorts, type Ports, storeAt } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson } from './json-shape.ts';
import { writeKeyFile } from './key-files.ts';
import { vaultOptions } from './open.ts';
import { textOfBytes } from './places.ts';
import { keptKeyPath, namedSecret, newPassphrase } from './secrets.ts';
import { fullPath, readSettings, type Settings, type VaultOptions, vaultOf } from './settings.ts';
import { vaultDocuments } from './vault-documents.ts';

interface InitOptions extends VaultOptions {
  /** A path, or true: in the state directory. */
  readonly newKeyFile?: string | true;
  readonly label: string;
}

/** What `init` leaves when it is killed, and a fresh file system: no reason to refuse. */
const OWN_NAMES = new Set(
  'copy header keys writers packs index snapshots tmp README.txt FORMAT.md MANIFEST.md rescue.mjs lost+found'.split(
    ' ',
  ),
);

const EXAMPLE = `
Without a key option a passphrase is asked for, twice; where nobody can be
asked, a key file is made in the state directory.

Examples:
  holdfast init --vault /mnt/usb/vault
  holdfast init --vault /srv/vault --new-key-file /root/holdfast.key`;

export function define(command: Command, act: Act): void {
  command
    .summary('make a vault')
    .description('Makes a vault (a backup repository) in an empty or new directory.')
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
  const root = vaultOf(settings);
  const ports = nodePorts();
  checkPlace(ports, root);
  const key = await chooseKey(cli, { settings, options, ports });
  const state = settings.state.value;
  let keyPath = key.keyFile?.path;
  if (key.keyFile?.made === true && keyPath !== undefined) {
    writeKeyFile(ports, keyPath, key.secret.bytes);
  }
  const store = storeAt(ports, root);
  const created = await createVault(
    { ...ports, store },
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
  const made: Made = { vault, root, keyPath, writer: created.writerFingerprint, ports };
  return { code: EXIT.done, say: (style) => words(made, style), json: initJson(made) };
}

function checkPlace({ disk }: Ports, root: ByteString): void {
  const foreign = (disk.list(root) ?? []).filter((name) => !OWN_NAMES.has(name));
  const [first] = foreign;
  if (first === undefined) return;
  const place = textOfBytes(root);
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
  readonly root: ByteString;
  readonly keyPath: ByteString | undefined;
  readonly writer: string;
  readonly ports: Ports;
}

function words(made: Made, style: Parameters<Answer['say']>[0]): readonly string[] {
  const { vault, root: place, keyPath, ports } = made;
  const { freeBytes } = ports.disk.space(place);
  const name = sayName(place, style);
  const command = `holdfast key sheet --vault ${name}`;
  const rows: LabelledRow[] = [
    keyRow(keyPath === undefined ? undefined : sayName(keyPath, style), command),
    {
      mark: { is: 'degraded' },
      label: 'format',
      text: '0: it may still change; not yet for an only copy',
    },
    { mark: { is: 'ok' }, label: 'vault', text: `${name}, ${formatBytes(freeBytes)} free` },
  ];
  return [
    `A vault was made, ${vault.slice(0, 8)}. It holds no snapshot yet.`,
    '',
    ...layoutRows(style, rows),
    '',
    `Back up into it:  holdfast backup --vault ${name} PATH`,
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

function initJson({ vault, root: place, keyPath, writer }: Made): object {
  return {
    vault,
    ...bytesJson('place', place),
    format: 0,
    key: keyPath === undefined ? 'passphrase' : 'file',
    ...(keyPath === undefined ? {} : bytesJson('keyFile', keyPath)),
    writer,
  };
}
