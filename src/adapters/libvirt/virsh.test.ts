// Goal: disks are read from a definition as libvirt writes it, and an order names each of them.
// Method: what `virsh dumpxml` of Debian 12 printed, shortened.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupXml, disksIn, hasAgent, jobTypeIn } from './virsh.ts';

const XML = `<domain type='kvm' id='3'>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='unsafe' discard='unmap'/>
      <source file='/var/lib/images/a &amp; b.qcow2' index='2'/>
      <backingStore type='file' index='3'><format type='raw'/><source file='/base.img'/></backingStore>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw'/><source dev='/dev/vg/data'/><target dev='vdb' bus='virtio'/>
    </disk>
    <disk type='network' device='disk'>
      <driver name='qemu' type='raw'/><source protocol='rbd' name='pool/c'/><target dev='vdc'/>
    </disk>
    <disk type='file' device='cdrom'><source file='/iso'/><target dev='sda'/><readonly/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><target dev='vdd'/></disk>
    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>
    </channel>
  </devices></domain>`;

test('disks of a definition', () => {
  assert.deepEqual(disksIn(XML), [
    {
      ...{ target: 'vda', kind: 'file', source: '/var/lib/images/a & b.qcow2' },
      ...{ format: 'qcow2', cache: 'unsafe' },
    },
    { target: 'vdb', kind: 'block', source: '/dev/vg/data', format: 'raw', cache: undefined },
    { target: 'vdc', kind: 'network', source: 'pool/c', format: 'raw', cache: undefined },
  ]);
});

test('an agent counts when it is connected', () => {
  assert.equal(hasAgent(XML), true);
  assert.equal(hasAgent(XML.replace("state='connected'", "state='disconnected'")), false);
  assert.equal(hasAgent('<domain/>'), false);
});

test('the order takes what is wanted and leaves the rest', () => {
  const order = backupXml(disksIn(XML), new Map([['vda', { file: "/s/it's", format: 'qcow2' }]]));
  assert.match(order, /<disk name='vda' backup='yes' type='file'><driver type='qcow2'\/>/);
  assert.match(order, /<target file='\/s\/it&#39;s'\/>/);
  assert.match(order, /<disk name='vdb' backup='no'\/><disk name='vdc' backup='no'\/>/);
});

test('how a job ended', () => {
  assert.equal(
    jobTypeIn('Job type:         Completed   \nOperation:        Backup\n'),
    'completed',
  );
  assert.equal(jobTypeIn('Job type:         None        \n'), 'none');
  assert.equal(jobTypeIn(''), '');
});
