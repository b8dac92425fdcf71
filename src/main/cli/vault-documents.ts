/** What lies in every vault for people, so that it can be read without Holdfast. */
import fs from 'node:fs';
import path from 'node:path';
import { VAULT_FORMAT } from '../../vault/core/header.ts';
import type { VaultDocuments } from '../../vault/shell/create-vault.ts';

const ROOT = path.join(import.meta.dirname, '../../..');

const README = `This directory is a Holdfast vault (a backup repository), format ${VAULT_FORMAT}.

It holds snapshots of files, encrypted. Nothing in it is ever changed; do not
delete or rename anything here by hand.

To get files back with Holdfast:

    holdfast snapshots --vault THIS_DIRECTORY
    holdfast restore --vault THIS_DIRECTORY latest NEW_DIRECTORY

Without Holdfast, with Node.js 18 or newer (below 22.15 also the program zstd):

    node rescue.mjs list THIS_DIRECTORY --key-file KEY
    node rescue.mjs restore THIS_DIRECTORY latest NEW_DIRECTORY --key-file KEY

or, in its place, with Python 3.9 or newer, its package cryptography (Debian:
python3-cryptography) and the program zstd:

    python3 rescue.py list THIS_DIRECTORY --key-file KEY
    python3 rescue.py restore THIS_DIRECTORY latest NEW_DIRECTORY --key-file KEY

or with the passphrase in the environment variable HOLDFAST_PASSPHRASE instead of
--key-file. Without a key or passphrase nobody can read what is in here.

FORMAT.md and MANIFEST.md say byte by byte how all of it is stored. Every later
Holdfast reads this format.
`;

export function vaultDocuments(): VaultDocuments {
  return {
    'README.txt': Buffer.from(README),
    'FORMAT.md': fs.readFileSync(path.join(ROOT, 'docs/format/vault.md')),
    'MANIFEST.md': fs.readFileSync(path.join(ROOT, 'docs/format/manifest.md')),
    'rescue.mjs': fs.readFileSync(path.join(ROOT, 'rescue/rescue.mjs')),
    'rescue.py': fs.readFileSync(path.join(ROOT, 'rescue/rescue.py')),
  };
}
