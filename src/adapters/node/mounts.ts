/** The mounts of this machine, read once; questions to those that may hang go through a child. */
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { type DurationMs, seconds } from '../../base/units.ts';
import type { Mount, Mounts } from '../../host/mounts.ts';
import { isWithin } from '../../manifest/core/order.ts';
import { answersWithin } from './mount-answers.ts';
import { mountTable } from './mount-table.ts';
import { fsPath } from './syscalls-path.ts';

/** What a mount may take to answer before it is called unreadable. */
export const MOUNT_ANSWER_MAX: DurationMs = seconds(30);

/** As many as Linux follows. */
const LINKS_MAX = 40;

export function nodeMounts(options: { readonly answerMax: DurationMs }): Mounts {
  const table = mountTable(fs.readFileSync('/proc/self/mountinfo', 'latin1'));
  const holding = (path: ByteString): Mount | undefined => table.get(mountPointOf(table, path));
  const points = [...table.keys()];
  const asked = new Map<ByteString, boolean>();
  /** Asked once: what is asked of a mount that answered may still hang, and is guarded elsewhere. */
  const answers = (path: ByteString): boolean => {
    const mountPoint = mountPointOf(table, path);
    let answer = asked.get(mountPoint);
    if (answer === undefined) {
      answer = answersWithin(path, options.answerMax);
      asked.set(mountPoint, answer);
    }
    return answer;
  };
  return {
    at: (path) => table.get(path),
    anyWithin: (path) => points.find((point) => isWithin(path, point)),
    holding,
    answers,
    remotes: () => [...table].flatMap(([path, { isRemote }]) => (isRemote ? [path] : [])),
    realPath: (path) =>
      realPath(path, (place) => holding(place)?.isRemote !== true || answers(place)),
    usedBytes: (path) => {
      const mount = holding(path);
      if (mount === undefined || mount.isRemote) return undefined;
      try {
        const { blocks, bfree, bsize } = fs.statfsSync(fsPath(path));
        return (blocks - bfree) * bsize;
      } catch (error) {
        if (error instanceof Error && 'code' in error) return undefined;
        throw error;
      }
    },
  };
}

/** Where the mount begins that holds this path. */
function mountPointOf(table: ReadonlyMap<ByteString, Mount>, path: ByteString): ByteString {
  for (let place: string = path; place !== ''; place = place.slice(0, place.lastIndexOf('/'))) {
    const point = byteString(place);
    if (table.has(point)) return point;
  }
  return byteString('/');
}

/** One component after the other: only what answers is asked. What cannot be resolved stays. */
function realPath(path: ByteString, mayAsk: (place: ByteString) => boolean): ByteString {
  let done = '';
  const rest = path.split('/');
  for (let links = 0; ; ) {
    const name = rest.shift();
    if (name === undefined) return byteString(done === '' ? '/' : done);
    if (name === '' || name === '.') continue;
    if (name === '..') {
      done = done.slice(0, Math.max(0, done.lastIndexOf('/')));
      continue;
    }
    const next = byteString(`${done}/${name}`);
    const target = mayAsk(next) && links < LINKS_MAX ? targetOf(next) : undefined;
    if (target === undefined) done = next;
    else {
      links += 1;
      if (target.startsWith('/')) done = '';
      rest.unshift(...target.split('/'));
    }
  }
}

/** Undefined where it is no link, or cannot be seen. */
function targetOf(path: ByteString): string | undefined {
  try {
    return fs.readlinkSync(fsPath(path), 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
