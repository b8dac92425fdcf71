/** Who belongs to a server, who gets in, and its log: a check taken out, and the test that must fail. */
import type { Mutant } from './mutant.ts';

const OWN = 'src/main/server/own-state.ts';
const RECOVER = 'src/main/server/recover.ts';
const GENERATIONS = 'src/main/server/generations.ts';
const OLDER = 'test/server/older-copy.test.ts';
const DRILL = 'test/server/recover.test.ts';
const ACCESS = 'test/access/access.test.ts';
const LOG = 'test/server/audit-log.test.ts';

export const RECOVER_MUTANTS: readonly Mutant[] = [
  {
    id: 'recover: a state that is gone begins anew in silence',
    file: OWN,
    edits: [
      {
        replace:
          "if (register !== undefined && !isThere(file)) {\n    throw needed(file, 'it is gone, and there was one');",
        with: "if (register !== undefined && !isThere(directory)) {\n    throw needed(file, 'it is gone, and there was one');",
      },
    ],
    caughtBy: { file: DRILL, name: 'gone does not begin anew' },
    why: 'all hosts are forgotten, and nobody is told',
    isQuick: true,
  },
  {
    id: 'recover: an older state is served',
    file: OWN,
    edits: [
      {
        replace: 'if (register !== undefined && !(await holdsWitness(state, register.audit))) {',
        with: "if (register !== undefined && !(await holdsWitness(state, { n: 0, hash: '' }))) {",
      },
    ],
    caughtBy: { file: DRILL, name: 'older copy' },
    why: 'who was revoked since is heard again',
    isQuick: true,
  },
  {
    id: 'recover: a lie of an agent ends a server',
    file: GENERATIONS,
    edits: [{ replace: '|| !seal.isOurs(said)) return;', with: ') return;' }],
    caughtBy: { file: OLDER, name: 'lies' },
    why: 'one host that was taken over stops all watching',
  },
  {
    id: 'recover: what agents were told of a later state is not asked at a start',
    file: OWN,
    edits: [{ replace: 'await refuseOlder(directory,', with: 'void (directory,' }],
    caughtBy: { file: OLDER, name: 'all files of one older copy' },
    why: 'a snapshot that was put back lets in who was removed, after each start anew',
  },
  {
    id: 'register: what it does not take is acknowledged',
    file: 'src/main/server/agent-register.ts',
    edits: [{ replace: '    if (next === this.#now) return;\n', with: '    return;\n' }],
    caughtBy: { file: 'test/server/register.test.ts', name: 'what the register does not take' },
    why: 'on a full disk a revocation is told of that a recover does not know',
  },
  {
    id: 'recover: a damaged state whose log was moved is whole',
    file: RECOVER,
    edits: [{ replace: "if (found === 'damaged') putMark(mark);", with: '' }],
    caughtBy: { file: DRILL, name: 'killed at every call' },
    why: 'what was acknowledged last is gone, and a start goes on without it',
  },
  {
    id: 'recover: who is not in the register stays',
    file: RECOVER,
    edits: [
      {
        replace:
          '({ agent, isRevoked }) => !isRevoked && !belong.some((each) => each.agent === agent),',
        with: '({ agent, isRevoked }) => isRevoked && !belong.some((each) => each.agent === agent),',
      },
    ],
    caughtBy: { file: DRILL, name: 'older copy' },
    why: 'who was revoked since is heard again',
  },
  {
    id: 'recover: ways in of an older state stay open',
    file: RECOVER,
    edits: [
      {
        replace: 'isOfThen ? await closeWaysIn(state, gone) : []',
        with: '!isOfThen ? await closeWaysIn(state, gone) : []',
      },
    ],
    caughtBy: { file: DRILL, name: 'older copy' },
    why: 'a token that was revoked since works again',
  },
  {
    id: 'recover: a state that is whole is made anew',
    file: RECOVER,
    edits: [
      {
        replace: "if (found === 'whole' && !isOtherKey) {",
        with: "if (found === 'whole' && isOtherKey) {",
      },
    ],
    caughtBy: { file: DRILL, name: 'left as it is' },
    why: 'a typing mistake costs all accounts',
  },
  {
    id: 'recover: whatever fails is damage',
    file: RECOVER,
    edits: [
      {
        replace: "if (isDamaged(error)) return 'damaged';",
        with: "if (error instanceof Fault) return 'damaged';",
      },
    ],
    caughtBy: { file: DRILL, name: 'no damage' },
    why: 'a database that is locked is given up',
  },
  {
    id: 'recover: a register that was altered is believed',
    file: 'src/wire/agent-register.ts',
    edits: [
      {
        replace: 'isEachOnce && agentRegisterText(hash, register) === text',
        with: 'isEachOnce',
      },
    ],
    caughtBy: { file: DRILL, name: 'cut, altered' },
    why: 'half a list of hosts is taken for all of it',
  },
  {
    id: 'recover: a register speaks for keys of others',
    file: 'src/wire/agent-register.ts',
    edits: [
      { replace: 'agent === idOf(hash, publicKey)', with: 'agent !== hash.toString() + publicKey' },
    ],
    caughtBy: { file: DRILL, name: 'cut, altered' },
    why: 'a stranger speaks for a host',
  },
  {
    id: 'audit: the hash of a line is not compared',
    file: 'src/access/core/audit.ts',
    edits: [
      { replace: 'if (hashOf(hash, line) !== line.hash)', with: 'if (line.hash.length !== 64)' },
    ],
    caughtBy: { file: LOG, name: 'each line' },
    why: 'what was done is rewritten',
    isQuick: true,
  },
  {
    id: 'audit: a line need not follow the one before',
    file: 'src/access/core/audit.ts',
    edits: [
      { replace: 'if (line.previous !== head.hash)', with: 'if (line.previous.length !== 64)' },
    ],
    caughtBy: { file: LOG, name: 'each line' },
    why: 'one line is written anew',
  },
  {
    id: 'audit: a noted head is not looked for',
    file: 'src/access/core/audit.ts',
    edits: [
      {
        replace: 'let isWitnessed = witness === undefined || witness.n === 0;',
        with: 'let isWitnessed = true;',
      },
    ],
    caughtBy: { file: LOG, name: 'each line' },
    why: 'the end of the log is cut off',
  },
  {
    id: 'audit: strangers write as many lines as they like',
    file: 'src/access/core/refused-lines.ts',
    edits: [{ replace: 'if (this.#room < 1) {', with: 'if (this.#room < -1e9) {' }],
    caughtBy: { file: ACCESS, name: 'strangers do not fill' },
    why: 'they push out what was done',
  },
  {
    id: 'access: a token has no end',
    file: 'src/access/shell/access.ts',
    edits: [
      {
        replace: 'if (token === undefined || now >= token.expiresAt) return undefined;',
        with: 'if (token === undefined) return undefined;',
      },
    ],
    caughtBy: { file: ACCESS, name: 'a token ends' },
    why: 'what leaked once is good for ever',
    isQuick: true,
  },
  {
    id: 'access: who was put out meanwhile is let in',
    file: 'src/access/shell/sign-in.ts',
    edits: [
      {
        replace: 'if (compared === undefined || !isAsCompared) {',
        with: 'if (compared === undefined || user === undefined) {',
      },
    ],
    caughtBy: { file: ACCESS, name: 'put out while' },
    why: 'the old password opens one more session',
    isQuick: true,
  },
  {
    id: 'access: a session ahead of the clock counts',
    file: 'src/access/core/session.ts',
    edits: [
      {
        replace:
          'if (Math.max(session.createdAt, session.usedAt) > now + AHEAD_MAX_MS) return false;',
        with: '',
      },
    ],
    caughtBy: { file: ACCESS, name: 'a session ends' },
    why: 'a clock that was set back makes sessions endless',
  },
  {
    id: 'store: a state of a newer version is opened',
    file: 'src/adapters/sqlite/server-database.ts',
    edits: [{ replace: '    await refuseNewer(file);\n', with: '' }],
    caughtBy: { file: 'test/server/store-faults.test.ts', name: 'newer' },
    why: 'it is read and written by other rules',
  },
];
