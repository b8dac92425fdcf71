/** Two names of one place, and places of which nobody says where they are: no promise may rest on them. */
import type { Mutant } from './mutant.ts';

const WHERE = 'src/main/estate/vault-where.ts';
const TRUE_PATH = 'src/adapters/discovery/true-path.ts';
const OF_WHERE = { file: 'src/main/estate/vault-where.test.ts', name: 'two addresses' };
const OF_COPY = { file: 'test/cli/vault-copy.test.ts', name: 'under another name' };

export const EXPOSURE_MUTANTS: readonly Mutant[] = [
  {
    id: 'exposure: what lies on a machine that nobody tells from a lost one is kept',
    file: 'src/watch/core/domain.ts',
    edits: [{ replace: 'isUnknown ||= mayTake(domain, place);', with: '' }],
    caughtBy: { file: 'src/watch/core/domain.test.ts', name: 'what nothing tells' },
    why: 'a vault that may lie on the very machine is a promise',
  },
  {
    id: 'exposure: two addresses of one machine are two',
    file: WHERE,
    edits: [{ replace: 'if (isSame === true) machine.host = before.host;', with: '' }],
    caughtBy: OF_WHERE,
    why: 'a vault and its copy on one machine survive its loss',
  },
  {
    id: 'exposure: a machine that does not say which it is is another one',
    file: WHERE,
    edits: [{ replace: 'if (isSame === undefined) base.mayBeOn.add(discovery.host);', with: '' }],
    caughtBy: OF_WHERE,
    why: 'a vault on this machine, reached by another name, survives its loss',
  },
  {
    id: 'exposure: a machine that does not say which it is is none of the others',
    file: WHERE,
    edits: [{ replace: '      before.mayBeOn.add(machine.host);\n', with: '' }],
    caughtBy: OF_WHERE,
    why: 'a vault and its copy on one machine survive its loss by one of its names',
  },
  {
    id: 'exposure: a link lies where it stands',
    file: TRUE_PATH,
    edits: [{ replace: "stat(path)?.type === 'link'", with: "stat(path)?.type === 'file'" }],
    caughtBy: { file: 'src/adapters/discovery/true-path.test.ts', name: 'links lead' },
    why: 'a vault behind a link lies on the disk of the link',
  },
  {
    id: 'exposure: a bind mount is another directory',
    file: TRUE_PATH,
    edits: [{ replace: '  return [...new Set(found)].filter(', with: '  return [].filter(' }],
    caughtBy: { file: 'src/adapters/discovery/true-path.test.ts', name: 'mounted elsewhere too' },
    why: 'a directory is deleted, and the copy in it survives by another path',
  },
  {
    id: 'exposure: the vault by another name is a copy beside it',
    file: 'src/main/estate/copied-vaults.ts',
    edits: [{ replace: 'if (same !== undefined) {', with: "if (same?.copy === '') {" }],
    caughtBy: OF_COPY,
    why: 'one directory is two places',
  },
  {
    id: 'copy: the vault by another name is a place to copy to',
    file: 'src/main/cli/command-vault-copy.ts',
    edits: [{ replace: '  await demandAnother(places);\n', with: '' }],
    caughtBy: OF_COPY,
    why: 'each run says that the copy is whole, and there is none',
  },
  {
    id: 'copy: a disk that is not mounted is the one beneath',
    file: 'src/main/cli/command-vault-copy.ts',
    edits: [{ replace: '  await demandMounted(places);\n', with: '' }],
    caughtBy: { file: 'test/cli/vault-copy.test.ts', name: 'not mounted is refused' },
    why: 'the copy is lost with the vault, and hidden by the next mount',
  },
  {
    id: 'copy: what mounts by itself and did not is mounted',
    file: 'src/adapters/discovery/promised-mounts.ts',
    edits: [{ replace: "if (mount?.type === 'autofs')", with: "if (mount?.type === 'none')" }],
    caughtBy: { file: 'src/adapters/discovery/promised-mounts.test.ts', name: 'by itself' },
    why: 'the same, where an automounter gave up',
  },
];
