// Goal: whoever is named is asked once and as the file says; what cannot be asked is said, and what
// is wrong is said with file and line.
// Method: files as the manuals of ssh and Ansible show them, and the ways in which they go wrong.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { sshHostText } from '../ssh/ssh-host.ts';
import {
  type AskedHost,
  distinctHosts,
  HOSTS_MAX,
  type HostList,
  parseAskedHost,
} from './asked-host.ts';
import { readHostFile } from './host-file.ts';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-hosts-'));
after(() => fs.rmSync(dir, { recursive: true }));

function fileOf(text: string, name = 'hosts'): string {
  const file = path.join(dir, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
}

const read = (text: string): HostList => readHostFile(fileOf(text));

const shown = ({ name, at, groups }: AskedHost): string => {
  const where = at === undefined ? 'here' : sshHostText(at);
  return `${name} ${where} ${groups.join('+')}`.trim();
};

function refusal(work: () => unknown): Fault {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return error;
  }
  throw new Error('it was accepted');
}

test('hosts as people write them', () => {
  const said = (text: string): string => shown(parseAskedHost(text));
  assert.equal(said('hv1'), 'hv1 hv1');
  assert.equal(said('ann@hv1:2222'), 'hv1 ann@hv1:2222');
  assert.equal(said('ssh://ann@hv1.example.org:22/'), 'hv1.example.org ann@hv1.example.org:22');
  assert.equal(said('[fd00::1]:2222'), 'fd00::1 [fd00::1]:2222');
  assert.equal(said('fd00::1'), 'fd00::1 [fd00::1]');
  assert.equal(said('ann@web@gate'), 'gate ann@web@gate');
  assert.equal(said('localhost'), 'localhost here');
  assert.equal(said('root@localhost'), 'localhost root@localhost');
});

test('what ssh or a shell would take for something else is no host', () => {
  const bad = [
    '',
    '-oProxyCommand=id',
    'a b',
    'hv1;id',
    '$(id)',
    'ann:secret@hv1',
    'hv1:0',
    'hv1:',
  ];
  for (const text of [...bad, 'hv1:/srv', 'ssh://hv1/srv', '-l@hv1', 'h\u0007v', 'hv1:70000']) {
    const fault = refusal(() => parseAskedHost(text));
    assert.equal(fault.code, 'HF_LOOK_HOST', text);
    assert.doesNotMatch(fault.message, /[\u0000-\u001f]/);
  }
});

test('one machine is asked once, and two users of one gateway are two', () => {
  const hosts = [
    'root@st1',
    'st1',
    'ST1',
    'st1:2222',
    'a@gate',
    'b@gate',
    'localhost',
    'localhost',
  ];
  const names = distinctHosts(hosts.map(parseAskedHost)).map(({ name }) => name);
  assert.deepEqual(names, ['root@st1', 'st1:2222', 'a@gate', 'b@gate', 'localhost']);
  const many = Array.from({ length: HOSTS_MAX + 1 }, (_, at) => parseAskedHost(`h${at}`));
  assert.match(refusal(() => distinctHosts(many)).message, /1001 hosts are too many/);
});

test('the configuration of ssh, with what it includes', () => {
  fileOf('Host inner\n  User ann\nHost *.wild\n', 'more/one.conf');
  const text = `Include ${dir}/more/*.conf ${dir}/none\nHost hv1 hv2\n  HostName 192.0.2.1\nHost *\n`;
  const { hosts } = read(text);
  assert.deepEqual(hosts.map(shown), ['hv1 hv1', 'hv2 hv2', 'inner inner']);
  assert.equal(hosts[0]?.config, path.join(dir, 'hosts'));
  // One that includes itself ends.
  assert.equal(read(`Include ${dir}/hosts\nHost a\n`).hosts.length, 1);
});

const INI = `# of the house
mail ansible_host=192.0.2.9 ; a comment that Ansible 2 has as well
gate:2022

[web]
web[01:03].example.org http_port=80
[db]
db[a:b] ansible_user="ann" # the team's
'two words'
`;

test('an inventory in INI: groups, ranges, variables', () => {
  const { hosts, leftOut } = read(`
mail ansible_host=192.0.2.9
gate:2022
[web]
web[08:10].example.org http_port=80 # a comment
n[0:4:2]
[db]
db[a:b] ansible_user="ann" ansible_port=2222
[shop:children]
web
db
[shop:vars]
ansible_user = bob
[all:vars]
ansible_port=22
`);
  assert.deepEqual(hosts.map(shown), [
    'mail 192.0.2.9:22',
    'gate gate:2022',
    'web08.example.org bob@web08.example.org:22 shop+web',
    'web09.example.org bob@web09.example.org:22 shop+web',
    'web10.example.org bob@web10.example.org:22 shop+web',
    'n0 bob@n0:22 shop+web',
    'n2 bob@n2:22 shop+web',
    'n4 bob@n4:22 shop+web',
    'dba ann@dba:2222 shop+db',
    'dbb ann@dbb:2222 shop+db',
  ]);
  assert.deepEqual(leftOut, []);
  const fault = refusal(() => read(INI));
  assert.match(fault.message, /hosts, line 2: ; is no variable$/);
});

const YAML_TEXT = `
all:
  vars: &defaults
    ansible_user: bob
  hosts:
    mail: {ansible_host: 192.0.2.9}
  children:
    web:
      hosts:
        web[1:2].example.org:
    shop:
      vars:
        <<: *defaults
        ansible_port: 2222
      children:
        web:
        db:
          hosts:
            db1:
              ansible_user: ann
`;

test('an inventory in YAML says the same', () => {
  assert.deepEqual(read(YAML_TEXT).hosts.map(shown), [
    'mail bob@192.0.2.9',
    'web1.example.org bob@web1.example.org:2222 shop+web',
    'web2.example.org bob@web2.example.org:2222 shop+web',
    'db1 ann@db1:2222 shop+db',
  ]);
  // What `ansible-inventory --list --yaml` writes for one group without a host.
  assert.deepEqual(
    read('all:\n  children:\n    a: {}\n    b: {hosts: {x: {}}}\n').hosts.map(shown),
    ['x x b'],
  );
});

test('what only Ansible reaches is left out, and said', () => {
  const { hosts, leftOut, notes } = read(`
here ansible_connection=local
localhost
sw1 ansible_network_os=ios
sw2 ansible_connection=ansible.netcommon.network_cli
win ansible_connection=winrm
tpl ansible_host="{{ lookup('x') }}"
web1 ansible_ssh_common_args='-o ProxyJump=gate'`);
  assert.deepEqual(hosts.map(shown), ['web1 web1']);
  const whys = leftOut.map(({ name, why }) => `${name}: ${why}`);
  assert.deepEqual(whys, [
    'here: it is this machine: holdfast look localhost',
    'localhost: it is this machine: holdfast look localhost',
    'sw1: a network device',
    'sw2: a network device',
    'win: reached by winrm, not by ssh',
    'tpl: ansible_host is a template, which only Ansible fills in',
  ]);
  assert.deepEqual(notes, [
    'ansible_ssh_common_args in the inventory is not used; what it says can stand in ~/.ssh/config.',
  ]);
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['[web]\nweb1 ansible_user="ann\n', /line 2: a quote is not closed/],
  ['[web:childs]\n', /line 1: a section of a group is :children or :vars/],
  ['web1\n[web:vars]\nno value\n', /line 3: this is no variable/],
  ['web1 ansible_port=ssh', /line 1: web1 has the port ssh, which is none/],
  ['web1 ansible_host=-oProxyCommand=id', /line 1: web1 leads to -oProxyCommand=id, which is no/],
  ['web1 ansible_user=-l', /line 1: web1 has the user -l/],
  ['web[3:1]', /line 1: web\[3:1\] names no host/],
  ['web[1:3', /line 1: web\[1:3 names no host/],
  ['[a:children]\nb\n[b:children]\na\n[a]\nx', /line 6: group [ab] is above itself/],
  ['web[1:2000]', /are too many/],
  ['all:\n  hosts: [a, b]\n', /line 2: hosts is no map/],
  ['all:\n  host:\n    a:\n', /line 2: there is no host below group all/],
  ['all:\n  hosts:\n    a: {ansible_port: x}\n', /line 3: a has the port x/],
  ['all:\n  hosts:\n   a: "\n', /line \d: /],
  ['#!/usr/bin/python3\nprint()\n', /is a program, and is not run/],
  ['', /names no machine/],
  ['Host *\n  User ann\n', /names no machine/],
];

for (const [text, message] of WRONG) {
  test(`${JSON.stringify(text)} is refused, with what to do`, () => {
    const fault = refusal(() => read(text));
    assert.match(fault.message, message);
    assert.equal(fault.kind, 'usage');
    assert.notEqual(fault.remedy, '');
  });
}

test('a file that repeats itself without end is refused', () => {
  const laugh = Array.from(
    { length: 12 },
    (_, at) =>
      `g${at}: &g${at}\n  children: {${'abcdefgh'.replaceAll(/./g, (c) => `${c}: *g${at - 1},`)}}\n`,
  );
  const text = laugh.join('').replace(/\*g-1/g, '{}');
  assert.equal(refusal(() => read(text)).kind, 'usage');
});

test('a file that is not there is named', () => {
  const fault = refusal(() => readHostFile(path.join(dir, 'absent')));
  assert.match(fault.message, /absent cannot be read \(ENOENT/);
});
