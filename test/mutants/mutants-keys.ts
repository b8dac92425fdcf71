/** What a key is for, and who is believed: each rule left out. */
import type { Mutant } from './mutant.ts';

const WRITE_ONLY = 'test/integration/write-only.test.ts';
const VOUCH = 'src/vault/core/vouch-record.ts';
const VOUCH_TEST = 'src/vault/core/vouch-record.test.ts';
const SCOPES = 'test/cli/key-scopes.test.ts';

export const KEY_MUTANTS: readonly Mutant[] = [
  {
    id: 'keys: a key for writing can read',
    file: 'src/vault/core/keyring.ts',
    edits: [
      {
        replace: "contentKey: scope === 'content' ? contentKey : undefined,",
        with: 'contentKey,',
      },
    ],
    caughtBy: { file: WRITE_ONLY, name: 'with all that such a host has' },
    why: 'whoever breaks into a host reads every backup of it',
  },
  {
    id: 'keys: who is distrusted may date back',
    file: VOUCH,
    edits: [
      {
        replace: 'return kept === undefined || kept.has(snapshot.id.slice(0, KEPT_DIGITS));',
        with: 'return kept !== null;',
      },
    ],
    caughtBy: { file: VOUCH_TEST, name: 'adds nothing by dating it back' },
    why: 'a host that was broken into adds snapshots to its past, and they are restored',
    isQuick: true,
  },
  {
    id: 'keys: anybody speaks of a writer',
    file: 'src/vault/core/vouched-line.ts',
    edits: [
      {
        replace:
          'const isVouched = isOurs && isWhole && cipher.verify(keyring.vouchPublic, signed, signature);',
        with: 'const isVouched = isOurs && (!isWhole || cipher.verify(keyring.vouchPublic, signed, signature) || true);',
      },
    ],
    caughtBy: { file: VOUCH_TEST, name: 'of another vault, of nobody' },
    why: 'who can put an object into the vault makes himself a trusted writer',
    isQuick: true,
  },
  {
    id: 'keys: a word that was taken away is forgotten',
    file: 'src/vault/shell/vouch-store.ts',
    edits: [{ replace: '    take(vouch);\n  }\n  return', with: '  }\n  return' }],
    caughtBy: { file: SCOPES, name: 'no word is taken back' },
    why: 'who has the directory makes a distrusted host trusted again',
  },
  {
    id: 'keys: a verb is begun with a key that is not for it',
    file: 'src/main/cli/open.ts',
    edits: [
      {
        replace: "demandScope(opened.session.vault, options.needs ?? 'content');",
        with: "if (options.needs === 'all') demandScope(opened.session.vault, 'all');",
      },
    ],
    caughtBy: { file: SCOPES, name: 'every other verb says what it wants' },
    why: 'a restore with a key for names makes a tree of which every file is missing',
  },
];
