/** What an agent and an enrolment keep a server, a user or a host from: each left out or turned round. */
import type { Mutant } from './mutant.ts';

export const AGENT_MUTANTS: readonly Mutant[] = [
  {
    id: 'agent: another protocol is no end of a request',
    file: 'src/adapters/agent-link/one-line.ts',
    edits: [
      {
        replace: 'for (const { fail } of this.#waiting.splice(0)) fail(why);',
        with: 'this.#waiting.splice(0).forEach(() => String(why));',
      },
    ],
    caughtBy: { file: 'test/agents/hostile-lines.test.ts', name: 'another protocol' },
    why: 'a server silences an agent for ever',
  },
  {
    id: 'agent: the place is a name that anybody may take',
    file: 'src/main/agent/one-agent.ts',
    edits: [{ replace: '  if (locked.ok || locked.error.code !== EAGAIN)', with: '  if (fd > 0)' }],
    caughtBy: { file: 'src/main/agent/one-agent.test.ts' },
    why: 'two agents of one key, or any user keeps the agent away',
  },
  {
    id: 'agent: root enrols with rights of root',
    file: 'src/adapters/agent-link/enrolment.ts',
    edits: [
      {
        replace: '  if (process.getuid?.() !== 0 || uid === 0) {',
        with: '  if (uid >= 0) {',
      },
    ],
    caughtBy: { file: 'src/adapters/agent-link/enrolment.test.ts', name: 'root enrols' },
    why: 'the user of the agent has root change any file',
  },
  {
    id: 'agent: a freeze of a person gives way to a server',
    file: 'src/main/guard/agent-freezer.ts',
    edits: [
      {
        replace: '      if (persons === undefined) return',
        with: '      if (persons !== null) return',
      },
    ],
    caughtBy: { file: 'test/freeze/agent-freezer.test.ts', name: 'no word of a server' },
    why: 'a server that was taken over lets changes go on',
    isQuick: true,
  },
  {
    id: 'agent: claims of a server have no end',
    file: 'src/main/agent/stored-claims.ts',
    edits: [{ replace: '    if (standing >= STANDING_MAX)', with: '    if (standing < 0)' }],
    caughtBy: { file: 'test/agents/word-flood.test.ts', name: 'claims of a server' },
    why: 'files without end, each read by every plan',
  },
  {
    id: 'agent: freezing waits in a queue without end',
    file: 'src/watch/shell/agent/word-desk.ts',
    edits: [
      {
        replace: '    if (this.#freezingCount >= FREEZING_MAX)',
        with: '    if (this.#freezingCount < 0)',
      },
    ],
    caughtBy: { file: 'test/agents/word-flood.test.ts', name: 'freezing without end' },
    why: 'services are stopped and started for ever',
  },
  {
    id: 'agent: a word that cannot be taken holds up those behind it',
    file: 'src/watch/shell/agent/listener.ts',
    edits: [
      {
        replace: '        if (!(error instanceof Fault)) throw error;\n        failed ??= error;',
        with: '        throw error;',
      },
    ],
    caughtBy: { file: 'test/agents/word-flood.test.ts', name: 'a disk that takes no job' },
    why: 'no freeze is heard while the disk is full',
    isQuick: true,
  },
  {
    id: 'agent: every list of peers counts at once',
    file: 'src/watch/shell/agent/word-desk.ts',
    edits: [
      { replace: '    if (restMs <= 0) take();', with: '    if (restMs <= Infinity) take();' },
    ],
    caughtBy: { file: 'test/agents/word-flood.test.ts', name: 'lists of peers' },
    why: 'a server has hosts try address after address',
  },
  {
    id: 'agent: a peer may be any address',
    file: 'src/adapters/agent-mesh/peer-limits.ts',
    edits: [
      {
        replace: '    if (never.check(address, kind)) return',
        with: "    if (address === '') return",
      },
    ],
    caughtBy: {
      file: 'src/adapters/agent-mesh/reach-probe.test.ts',
      name: 'a server cannot have this host try',
    },
    why: 'a server reaches what listens on the loopback only',
  },
  {
    id: 'agent: a peer may be at any port',
    file: 'src/adapters/agent-mesh/peer-limits.ts',
    edits: [{ replace: '    if (port !== mesh.port) return', with: '    if (port < 0) return' }],
    caughtBy: {
      file: 'src/adapters/agent-mesh/reach-probe.test.ts',
      name: 'a server cannot have this host try',
    },
    why: 'a server looks for open ports from within',
  },
  {
    id: 'agent: what it left for the guard is read whole',
    file: 'src/guard/shell/of-agent.ts',
    edits: [
      { replace: 'disk.read(path, { offset: 0, length: SIZE_MAX })', with: 'disk.read(path)' },
    ],
    caughtBy: { file: 'test/agents/word-flood.test.ts', name: 'nothing that an agent lays down' },
    why: "the agent's user ends every apply of root",
  },
  {
    id: 'agent: one look takes a thing for gone',
    file: 'src/watch/shell/agent/discovery.ts',
    edits: [{ replace: 'missed > 1 &&', with: 'missed > 0 &&' }],
    caughtBy: { file: 'src/watch/shell/agent/discovery.test.ts', name: 'a new mount is watched' },
    why: 'what was read while it changed is forgotten',
  },
  {
    id: 'agent: a mount that vanishes is no longer looked at',
    file: 'src/watch/shell/agent/discovery.ts',
    edits: [{ replace: "'mount', 'md', ", with: "'md', " }],
    caughtBy: { file: 'src/watch/shell/agent/discovery.test.ts', name: 'a new mount is watched' },
    why: 'a disk that fell off shows as nothing to see',
  },
  {
    id: 'ping: whoever hung up is root',
    file: 'src/adapters/probes/loopback-peer.ts',
    edits: [{ replace: "state === ESTABLISHED && inode !== '0' && ", with: '' }],
    caughtBy: { file: 'src/adapters/probes/loopback-peer.test.ts', name: 'a table that has' },
    why: 'any user says that the backup of root went well',
  },
  {
    id: 'enroll: a tree of somebody else is ours',
    file: 'src/main/enroll/enroll-plan.ts',
    edits: [
      {
        replace: '  if (!there.has(PROGRAM_TREE) || isListed || packagedBy !== undefined) return;',
        with: '  if (there.size >= 0) return;',
      },
    ],
    caughtBy: { file: 'src/main/enroll/enroll-plan.test.ts' },
    why: '/opt/holdfast of the admin is deleted',
  },
  {
    id: 'enroll: a package that was there is on the list',
    file: 'src/main/enroll/enroll-plan.ts',
    edits: [
      {
        replace: "by === 'tar' || packagedBy !== undefined ? []",
        with: "by === 'tar' || packagedBy === '' ? []",
      },
    ],
    caughtBy: { file: 'src/main/enroll/enroll-plan.test.ts' },
    why: 'remove purges what somebody else installed',
  },
  {
    id: 'enroll: a host may print for ever',
    file: 'src/adapters/enroll/host-shell.ts',
    edits: [{ replace: '        if (size > OUTPUT_SIZE_MAX)', with: '        if (size < 0)' }],
    caughtBy: { file: 'src/adapters/enroll/host-shell.test.ts', name: 'prints without end' },
    why: "the admin's machine runs out of memory",
  },
];
