/** Adds hosts to holdfast.yaml: what stands there stays, comments too. */
import fs from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { configSchema } from '../../wire/config.ts';
import { errnoOf } from '../node/errno.ts';
import type { ImportedHost } from './imported.ts';

/** Durable when it returns; a file that is there is replaced whole, with its mode. @throws Fault */
export function addHosts(file: string, hosts: readonly ImportedHost[]): void {
  const there = statOf(file);
  const target = there === undefined ? file : fs.realpathSync(file);
  const document = parseDocument(there === undefined ? '' : fs.readFileSync(target, 'utf8'));
  for (const { name, address, groups } of hosts) {
    const keys = {
      ...(address === undefined ? {} : { address }),
      ...(groups.length === 0 ? {} : { groups }),
    };
    document.setIn(['hosts', name], document.createNode(keys, { flow: true }));
  }
  if (document.errors.length > 0 || !configSchema.safeParse(document.toJS() ?? {}).success) {
    const message = `${sayText(file)} would not be right with these hosts; nothing was written`;
    throw new Fault('HF_USAGE', message, { command: 'config import' });
  }
  const beside = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
  const descriptor = fs.openSync(beside, 'wx', there?.mode ?? 0o644);
  try {
    if (there !== undefined) {
      fs.fchownSync(descriptor, there.uid, there.gid);
      fs.fchmodSync(descriptor, there.mode & 0o7777);
    }
    fs.writeFileSync(descriptor, document.toString({ lineWidth: 0 }));
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(beside, target);
}

function statOf(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
