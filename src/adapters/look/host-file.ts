/** `--from FILE`: hosts of ssh's configuration or of an Ansible inventory, told by what is in it. */
import fs from 'node:fs';
import path from 'node:path';
import { Fault } from '../../base/fault.ts';
import { isReadBySsh, machinesOfConfigFile, readTextFile } from '../ssh/config-files.ts';
import type { HostList } from './asked-host.ts';
import { parseIniInventory } from './inventory-ini.ts';
import { parseYamlInventory } from './inventory-yaml.ts';

const SIZE_MAX = 4 * 1024 * 1024;
const RESOLVED = 'ansible-inventory -i FILE --list --yaml > hosts.yml';
const SSH_CONFIG = /^(?:(?:host|match)(?:\s*=\s*|\s+)\S|include\s)/i;
const YAML = /^(?:---|%YAML\b|\{|["']?[\w.-]+["']?:(?:\s*(?:[#{&].*)?)$)/;
/** Ansible reads them beside an inventory. */
const BESIDE = ['group_vars', 'host_vars'];

/** @throws Fault HF_LOOK_FROM */
export function readHostFile(file: string): HostList {
  const text = textOf(file);
  const list = listOf(file, text);
  if (list.hosts.length > 0 || list.leftOut.length > 0) return list;
  const instead = 'Name a configuration of ssh, or an inventory of Ansible, that names machines.';
  throw new Fault('HF_LOOK_FROM', `${file} names no machine`, { file, instead });
}

function listOf(file: string, text: string): HostList {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const said = lines.filter((line) => line !== '' && !/^[#;]/.test(line));
  if (said.some((line) => SSH_CONFIG.test(line))) return sshConfig(file, text);
  if (text.startsWith('#!')) {
    const message = `${file} is a program, and is not run`;
    const instead = `Let Ansible run it, and name what it wrote: \`${RESOLVED}\`.`;
    throw new Fault('HF_LOOK_FROM', message, { file, instead });
  }
  const isYaml = YAML.test(said[0] ?? '');
  const list = isYaml ? parseYamlInventory(text, file) : parseIniInventory(text, file);
  const beside = BESIDE.filter((name) => fs.existsSync(path.join(path.dirname(file), name)));
  if (beside.length === 0) return list;
  const note = `${beside.join(' and ')} beside the inventory: not read. With them: ${RESOLVED}`;
  return { ...list, notes: [...list.notes, note] };
}

function sshConfig(file: string, text: string): HostList {
  const config = isReadBySsh(file) ? {} : { config: path.resolve(file) };
  const hosts = machinesOfConfigFile(file, text).map(({ host }) => ({
    ...{ name: host, at: { host }, groups: [] },
    ...config,
  }));
  return { hosts, leftOut: [], notes: [] };
}

function textOf(file: string): string {
  try {
    return readTextFile(file, SIZE_MAX);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/,.*$/, '') : 'it cannot be read';
    const message = `the hosts in ${file} cannot be read (${why})`;
    const instead = 'Name a file that is there and readable with --from.';
    throw new Fault('HF_LOOK_FROM', message, { file, instead }, { cause });
  }
}
