/** Reads a file of others by what stands in it: Icinga objects, Prometheus targets, else an inventory of Ansible. */
import fs from 'node:fs';
import { parse } from 'yaml';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { readHostFile } from '../look/host-file.ts';
import { isSshHostName, sshHostText } from '../ssh/ssh-host.ts';
import { parseIcingaObjects } from './icinga-objects.ts';
import type { Imported } from './imported.ts';
import { prometheusTargets } from './prometheus-targets.ts';

export interface ImportRead extends Imported {
  readonly from: 'Ansible' | 'Icinga' | 'Prometheus';
  /** What cannot be a host here, each with a reason. */
  readonly leftOut: readonly string[];
}

const SIZE_MAX = 16 * 1024 * 1024;

/** @throws Fault HF_USAGE where it cannot be read, HF_LOOK_FROM of an inventory that is wrong */
export function readImport(file: string): ImportRead {
  const text = textOf(file);
  if (/^\s*object\s+(?:Host|User)\s+"/m.test(text)) {
    return sound({ ...parseIcingaObjects(text), from: 'Icinga', leftOut: [] });
  }
  const targets = prometheusTargets(parsedValue(text));
  if (targets !== undefined) return sound({ ...targets, from: 'Prometheus', leftOut: [] });
  const { hosts, leftOut } = readHostFile(file);
  return {
    from: 'Ansible',
    hosts: hosts.flatMap(({ name, at, groups }) => {
      if (at === undefined) return [];
      const address = sshHostText(at);
      return [{ name, address: address === name ? undefined : address, groups }];
    }),
    contacts: [],
    leftOut: leftOut.map(({ name, why }) => `${name}: ${why}`),
  };
}

/** A name goes to ssh and into a file: what could be an option or a line is no name. */
function sound(read: ImportRead): ImportRead {
  const isName = (text: string): boolean => isSshHostName(text);
  const hosts = read.hosts.filter(
    ({ name, address }) => isName(name) && (address === undefined || isName(address)),
  );
  const left = read.hosts.filter((host) => !hosts.includes(host));
  const contacts = read.contacts.filter(({ mail }) => /^[^\s@<>,;:"']+@[^\s@<>,;:"']+$/.test(mail));
  return {
    ...read,
    hosts,
    contacts,
    leftOut: left.map(({ name }) => `${name}: no name of a host`),
  };
}

function parsedValue(text: string): unknown {
  try {
    const value: unknown = parse(text, { maxAliasCount: 100 });
    return value;
  } catch {
    return undefined;
  }
}

function textOf(file: string): string {
  try {
    const { size } = fs.statSync(file);
    if (size <= SIZE_MAX) return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/,.*$/, '') : 'it cannot be read';
    throw new Fault(
      'HF_USAGE',
      `${sayText(file)}: ${why}`,
      { command: 'config import' },
      { cause },
    );
  }
  throw new Fault('HF_USAGE', `${sayText(file)} is too large`, { command: 'config import' });
}
