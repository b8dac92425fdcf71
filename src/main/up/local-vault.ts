/** The vault that `up` writes to: the one that was named, or one of its own in the state directory. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { makeKeyFile } from '../../vault/core/wrapped-key.ts';
import { createVault } from '../../vault/shell/create-vault.ts';
import { LocalState } from '../../vault/shell/local-state.ts';
import type { Cli } from '../cli/cli.ts';
import { writeKeyFile } from '../cli/key-files.ts';
import { openWith } from '../cli/open.ts';
import { keptKeyPath } from '../cli/secrets.ts';
import type { Settings } from '../cli/settings.ts';
import { vaultDocuments } from '../cli/vault-documents.ts';
import type { VaultSession } from '../vault-session.ts';
import { nodePorts, storeAt } from '../vault-session.ts';

export interface LocalVault {
  readonly session: VaultSession;
  /** Undefined where a passphrase opens it. */
  readonly keyPath: ByteString | undefined;
  /** Whether it was made just now. */
  readonly isNew: boolean;
  readonly isNewState: boolean;
}

/** @throws what making and opening a vault throw; a vault that was named is never made here */
export async function openOrMakeVault(cli: Cli, settings: Settings): Promise<LocalVault> {
  const { disk } = nodePorts();
  const state = settings.state.value;
  const isNewState = disk.list(state) === undefined;
  if (settings.vault !== undefined) {
    const { session, by } = await openWith(cli, settings, {});
    return { session, keyPath: by.path, isNew: false, isNewState };
  }
  const root = byteString(`${state}/vault`);
  const isNew = disk.size(byteString(`${root}/header`)) === undefined;
  if (isNew) await makeVault(state, root);
  const named: Settings = { ...settings, vault: { value: root, by: 'the state directory' } };
  const { session, by } = await openWith(cli, named, {});
  return { session, keyPath: by.path, isNew, isNewState };
}

/** Unattended: the key is a file beside the state, and the screen says what that means. */
async function makeVault(state: ByteString, root: ByteString): Promise<void> {
  const ports = nodePorts();
  const bytes = makeKeyFile(ports.tools);
  await createVault(
    { ...ports, store: storeAt(ports, root) },
    {
      secrets: [{ secret: { kind: 'file', bytes }, label: 'made by up' }],
      documents: vaultDocuments(),
      keepWriter: (vault, writer) => {
        writeKeyFile(ports, keptKeyPath(state, vault), bytes);
        new LocalState(ports, { state, vault }).writeWriter(writer);
      },
    },
  );
}
