/** The vault that `up` writes to: the one that was named, or one of its own in the state directory. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { makeKeyFile } from '../../vault/core/wrapped-key.ts';
import { createVault } from '../../vault/shell/create-vault.ts';
import { LocalState } from '../../vault/shell/local-state.ts';
import type { Cli } from '../cli/cli.ts';
import { writeKeyFile } from '../cli/key-files.ts';
import { type Opened, openWith } from '../cli/open.ts';
import { keptKeyPath } from '../cli/secrets.ts';
import type { Settings, VaultOptions } from '../cli/settings.ts';
import { vaultDocuments } from '../cli/vault-documents.ts';
import { storeAt } from '../vault-line.ts';
import { directoryPlace } from '../vault-place.ts';
import { nodePorts } from '../vault-session.ts';

/** @throws what making and opening a vault throw; a vault that was named is never made here */
export async function openOrMakeVault(
  cli: Cli,
  settings: Settings,
  options: VaultOptions,
): Promise<Opened> {
  if (settings.vault !== undefined) return openWith(cli, settings, options);
  const state = settings.state.value;
  const root = byteString(`${state}/vault`);
  await makeVault(state, root);
  const vault = { value: directoryPlace(root), by: 'the state directory' };
  return openWith(cli, { ...settings, vault }, options);
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
