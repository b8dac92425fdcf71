/** What a vault holds, asked of a host that can read it. What it answers is parsed, and compared with what was asked. */
import type { Caller } from '../../access/core/account.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { formatDuration } from '../../base/say-time.ts';
import type { AgentId } from '../../watch/core/agent/messages.ts';
import { type Reader, readerOf } from '../../watch/core/files/reader-of.ts';
import {
  type AnswerOfWant,
  type LiveWant,
  PATHS_MAX,
  type SnapshotSaid,
} from '../../watch/core/files/wants.ts';
import { hasTwoSpeakers } from '../../watch/core/server/talk.ts';
import { filesAnswers } from '../../wire/agent/files.ts';
import type { Answering, TakenPart } from './files-desk.ts';
import type { Served } from './served.ts';

export interface Through extends Reader {
  readonly agent: AgentId;
}

/** Who asked, for the log. */
export interface FilesAsker {
  readonly caller: Caller | undefined;
  readonly from: string;
}

/** @throws Fault HF_FILES_AWAY */
export function throughOf(
  served: Served,
  of: { readonly through?: string | undefined; readonly host?: string | undefined },
): Through {
  const { core, config, files } = served;
  const now = served.now();
  const agents = core.agents().filter(({ stored }) => !stored.isRevoked);
  const enrolled = new Map(
    agents.map(({ stored, isSilent, silentSince }) => {
      const ms = Math.max(0, now.wallMs - silentSince);
      return [stored.host, { silentFor: isSilent ? formatDuration(ms) : undefined }] as const;
    }),
  );
  // Whoever else has its key could answer in its place.
  const hosts = agents.flatMap(({ stored, talk }) => {
    const found = hasTwoSpeakers(talk, now.atMs) ? undefined : files.present(stored.agent);
    return found === undefined ? [] : [{ ...found, host: stored.host, agent: stored.agent }];
  });
  const restoreHosts = config.server?.['restore-hosts'] ?? [];
  const host = of.host === '' ? undefined : of.host;
  const found = readerOf(hosts, { enrolled, restoreHosts, host, through: of.through });
  if ('none' in found) {
    throw new Fault('HF_FILES_AWAY', found.none.why, { instead: found.none.instead });
  }
  const { reader } = found;
  const agent = hosts.find((each) => each.host === reader.host)?.agent ?? '';
  return { ...reader, agent };
}

/** @throws Fault HF_FILES_AWAY, HF_FILES_BROKEN, HF_API_BUSY */
export async function askFiles<W extends LiveWant>(
  served: Served,
  through: Through,
  want: W,
): Promise<AnswerOfWant[W['want']]> {
  const { answer, answering } = await openFiles(served, through, want);
  answering.close();
  return answer;
}

/** The answer, and what comes behind it. @throws as `askFiles` */
export async function openFiles<W extends LiveWant>(
  served: Served,
  through: Through,
  want: W,
): Promise<{
  readonly answer: AnswerOfWant[W['want']];
  readonly answering: Answering;
}> {
  const { agent, host } = through;
  const answering = served.files.open({ agent, host, want });
  try {
    const part = await answering.next();
    const answer = owned(answerIn(through, want, part), through);
    demandAsked(through, want, answer);
    return { answer, answering };
  } catch (error) {
    answering.close();
    throw error;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function answerIn<W extends LiveWant>(
  { host }: Through,
  want: W,
  { bytes }: TakenPart,
): AnswerOfWant[W['want']] {
  const parsed = filesAnswers[want.want].safeParse(jsonOf(bytes));
  if (parsed.success) return parsed.data as AnswerOfWant[W['want']];
  throw new Fault('HF_FILES_BROKEN', `${host} answered what no agent of this version does`, {
    host,
  });
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch {
    return undefined; // The schema refuses it.
  }
}

/** A host that answers for itself says nothing of another's data, whatever it writes. */
function owned<A>(answer: A, { own, host }: Through): A {
  if (!own) return answer;
  const mine = (said: SnapshotSaid): SnapshotSaid => ({ ...said, host });
  const of = answer as { readonly snapshots?: readonly SnapshotSaid[] };
  const changed = Object.fromEntries(
    (['snapshot', 'before', 'after'] as const).flatMap((key) => {
      const said = (answer as Readonly<Record<string, SnapshotSaid | undefined>>)[key];
      return said === undefined ? [] : [[key, mine(said)]];
    }),
  );
  const snapshots = of.snapshots === undefined ? {} : { snapshots: of.snapshots.map(mine) };
  return { ...answer, ...changed, ...snapshots };
}

/** @throws Fault HF_FILES_BROKEN where it is an answer to something else */
function demandAsked<W extends LiveWant>(
  { host }: Through,
  want: W,
  answer: AnswerOfWant[keyof AnswerOfWant],
): void {
  const wanted =
    want.want === 'diff'
      ? [want.before, want.after]
      : want.want === 'snapshots'
        ? []
        : [want.snapshot];
  const said =
    'before' in answer
      ? [answer.before.id, answer.after.id]
      : 'snapshot' in answer
        ? [answer.snapshot.id]
        : [];
  const isSamePath = want.want !== 'content' || !('path' in answer) || answer.path === want.path;
  if (isSamePath && said.join() === wanted.join()) return;
  throw new Fault('HF_FILES_BROKEN', `${host} answered something else than it was asked`, { host });
}

const NAME_BYTES_MAX = 4096 * 2;

/** A path of a request, as bytes; neither: the top. */
export function bytesAsked(of: {
  readonly path?: string | undefined;
  readonly path64?: string | undefined;
}): ByteString {
  const { path = '', path64 } = of;
  const bytes = path64 === undefined ? Buffer.from(path, 'utf8') : Buffer.from(path64, 'base64url');
  if (bytes.length <= NAME_BYTES_MAX && !bytes.includes(0)) {
    return byteString(bytes.toString('latin1'));
  }
  const instead = 'Write a path as the list of the snapshot has it.';
  throw new Fault('HF_API_INPUT', 'this is no path', { instead });
}

/** All of them, or none: what is left out of a restore would be missed later. @throws Fault HF_API_INPUT */
export function pathsAsked(of: {
  readonly paths?: readonly string[];
  readonly paths64?: readonly string[];
}): readonly ByteString[] {
  const { paths = [], paths64 = [] } = of;
  const all = [
    ...paths.map((path) => bytesAsked({ path })),
    ...paths64.map((path64) => bytesAsked({ path64 })),
  ];
  if (all.length <= PATHS_MAX) return all;
  const instead = 'Mark a directory above them, or ask for some after the others.';
  const message = `these are ${all.length} paths; ${PATHS_MAX} are restored at once`;
  throw new Fault('HF_API_INPUT', message, { instead });
}
