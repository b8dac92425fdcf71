/** What a key is for, and who is believed: each rule left out. */
import type { Mutant } from './mutant.ts';

const WRITE_ONLY = 'test/integration/write-only.test.ts';
const VOUCH = 'src/vault/core/vouch-record.ts';
const VOUCH_TEST = 'src/vault/core/vouch-record.test.ts';
const GRANT = 'test/cli/restore-grant.test.ts';
const GRANT_ATTACK = 'test/integration/grant-attack.test.ts';
const GRANT_BYTES = 'test/vault/golden-grant.test.ts';
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
  {
    id: 'grant: a header is believed',
    file: 'src/recover/shell/needed-keys.ts',
    edits: [
      {
        replace: 'const isIt = found !== undefined && hash.sha256(found) === wanted.digest;',
        with: 'const isIt = hash.sha256(found ?? new Uint8Array(0)) !== undefined;',
      },
      {
        replace: 'const group = openGroup(this.#tools, this.#dataKeys, bytes);',
        with: 'const group = { header: parseGroupHeader(bytes), find: () => undefined };',
      },
      {
        replace: "import { DATA_KEY_ID_END, dataKeyIdIn } from '../../vault/core/group-header.ts';",
        with: "import { DATA_KEY_ID_END, dataKeyIdIn, parseGroupHeader } from '../../vault/core/group-header.ts';",
      },
    ],
    caughtBy: { file: GRANT_ATTACK, name: 'gets nobody that key' },
    why: 'who may write plants a header and is granted the data key of any other run',
    isQuick: true,
  },
  {
    id: 'grant: a request is granted whoever made it',
    file: 'src/main/cli/key-grants.ts',
    edits: [
      {
        replace: 'if (digits.length >= DIGITS_MIN && fingerprint.startsWith(digits)) return;',
        with: 'if (digits.length >= DIGITS_MIN) return;',
      },
    ],
    caughtBy: { file: GRANT, name: 'unless its fingerprint was compared' },
    why: 'whoever changes a request on its way has the keys sealed to himself',
  },
  {
    id: 'grant: anybody grants',
    file: 'src/vault/core/restore-grant.ts',
    edits: [{ replace: 'if (!isVouched) return undefined;', with: 'void isVouched;' }],
    caughtBy: { file: GRANT_BYTES, name: 'a changed byte' },
    why: 'a grant of nobody is taken',
    isQuick: true,
  },
  {
    id: 'grant: it is good for ever',
    file: 'src/vault/shell/kept-requests.ts',
    edits: [{ replace: 'grant.expires <= now', with: 'grant.expires <= 0' }],
    caughtBy: { file: GRANT, name: 'of another vault, old or of another host' },
    why: 'a grant that was meant for a day opens as long as the other half lies there',
  },
  {
    id: 'grant: its request is asked for no age',
    file: 'src/vault/shell/kept-requests.ts',
    edits: [{ replace: '!isCurrent(request, now)', with: 'request.created > Infinity' }],
    caughtBy: { file: GRANT_BYTES, name: 'a week after its request' },
    why: 'a grant with a long time opens as long as the other half lies there',
    isQuick: true,
  },
  {
    id: 'grant: it is used twice',
    file: 'src/main/cli/restore-granted.ts',
    edits: [{ replace: 'if (isWhole) requests.remove(grant.request);', with: '' }],
    caughtBy: { file: GRANT, name: 'is restored by its grant, once' },
    why: 'who takes the host later opens what was granted once',
  },
];
